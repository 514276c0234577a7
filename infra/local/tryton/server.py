"""How to run Tryton: configuration file, environment, command line. Nothing here imports trytond, which is GPL."""

import os
import sys
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

MODULE = Path(__file__).parent / "module"
DATABASE = "tryton"
DISTRIBUTIONS = ("trytond", "trytond-sale", "trytond-stock")


def environment() -> dict[str, str]:
    """The environment of every Tryton process: this one's, with our module where trytond finds it."""
    paths = [str(MODULE), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def write_config(path: Path, server: str, listen: str) -> None:
    """``server``: PostgreSQL without a database, ``postgresql://USER:PASSWORD@HOST:PORT``; ``listen``: HOST:PORT.

    Sessions live a day, so that a writer that waits for an outage to end is not logged out as well.
    """
    lines = [
        "[database]",
        f"uri = {server.rstrip('/')}/",
        "list = False",
        "[web]",
        f"listen = {listen}",
        "[session]",
        "timeout = 86400",
        "max_age = 2592000",
        "",
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines), encoding="utf-8")
    path.chmod(0o600)


def command(config: Path, database: str = DATABASE) -> list[str]:
    """The server's command line, to be run with `environment()`. It answers when its port does."""
    return [str(Path(sys.executable).parent / "trytond"), "-c", str(config), "-d", database]


def url(password: str, listen: str, database: str = DATABASE) -> str:
    """What SKUSTREAM_TRYTON is set to."""
    return f"http://admin:{quote(password, safe='')}@{listen}/{database}"


def versions() -> str:
    """The versions that a template depends on, as one line."""
    return " ".join(f"{name}=={version(name)}" for name in DISTRIBUTIONS)
