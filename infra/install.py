"""Makes the environment what requirements.lock says; `make setup` runs it with the environment's own Python.

Standard library only. uv comes first, by its hash in the lock; it then installs everything, by hash too. The project
itself becomes a .pth file and a script: nothing is built, so nothing is fetched that the lock does not name.
"""

import os
import re
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
SCRIPT = """#!{python}
from infra.cli.main import main

main()
"""


def main(lock: Path) -> None:
    """Install uv, then all packages, then the project; exits with the installer's code when one fails."""
    folder = Path(sysconfig.get_path("scripts"))
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as only_uv:
        only_uv.write(entry(lock.read_text(), "uv"))
        only_uv.flush()
        _run([sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "-r", only_uv.name])
    uv = [str(folder / "uv"), "pip", "sync", "--quiet", "--require-hashes", "--python", sys.executable, str(lock)]
    _run(uv, {**os.environ, **settings_of_pip()})
    Path(sysconfig.get_path("purelib"), "skustream.pth").write_text(f"{PROJECT}\n")
    script = folder / "skustream"
    script.write_text(SCRIPT.format(python=sys.executable))
    script.chmod(0o755)


def entry(lock: str, name: str) -> str:
    """The lines of one package in the lock, hashes and all; exits when it is not there."""
    found = re.search(rf"^{re.escape(name)}==(?:.*\\\n)*.*$", lock, re.MULTILINE)
    if not found:
        sys.exit(f"requirements.lock has no {name}; make it anew with: make lock")
    return found.group(0) + "\n"


def settings_of_pip() -> dict[str, str]:
    """The user's package index and certificates as pip knows them, in uv's variables where those are not set."""
    names = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "cert": "SSL_CERT_FILE"}
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    found = re.findall(r"^\S+?\.([a-z-]+)='(.*)'$", listed.stdout, re.MULTILINE)
    wanted = {names[key]: value for key, value in found if key in names}
    return {name: value for name, value in wanted.items() if name not in os.environ}


def _run(command: list[str], environment: dict[str, str] | None = None) -> None:
    code = subprocess.run(command, env=environment, check=False).returncode
    if code != 0:
        sys.exit(code)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
