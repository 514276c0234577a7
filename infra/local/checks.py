"""The checks of `skustream doctor`: each looks at one thing and names the command that mends it."""

import importlib.metadata
import os
import shutil
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.paths import PROJECT, cache_dir, default_home
from infra.local.stack import NotRunning, Stack

_NEEDED_MB = 4_000
_NEEDED_DISK_MB = 3_000
_SLOT_LAG_MB = 512


@dataclass(frozen=True)
class Finding:
    """What one check saw; `mend` is a command for a shell, empty when all is well."""

    name: str
    ok: bool
    found: str
    mend: str = ""


Check = Callable[[], Iterable[Finding]]


def python() -> Iterator[Finding]:
    """The interpreter."""
    text = ".".join(str(number) for number in sys.version_info[:3])
    yield Finding("python", sys.version_info >= (3, 11), text, "install Python 3.11 or newer, then: make setup")


def wheels() -> Iterator[Finding]:
    """The packages of the extra `local`."""
    from packaging.requirements import Requirement

    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    missing = []
    for text in (*project["dependencies"], *project["optional-dependencies"]["local"]):
        wanted = Requirement(text)
        try:
            version = importlib.metadata.version(wanted.name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(f"{wanted.name} is not installed")
            continue
        if not wanted.specifier.contains(version, prereleases=True):
            missing.append(f"{wanted.name} is {version}, wanted {wanted.specifier}")
    yield Finding("packages", not missing, "; ".join(missing) or "all installed", "make setup")


def disk() -> Iterator[Finding]:
    """Room for downloads and data."""
    for name, path in (("cache folder", cache_dir()), ("home folder", default_home())):
        there = next(folder for folder in (path, *path.parents) if folder.exists())
        free = shutil.disk_usage(there).free // 1_000_000
        writable = os.access(there, os.W_OK)
        found = f"{path}, {free} MB free" + ("" if writable else ", not writable")
        mend = f"free {_NEEDED_DISK_MB} MB there, or: export SKUSTREAM_{'CACHE' if name[0] == 'c' else 'HOME'}=FOLDER"
        yield Finding(name, writable and free > _NEEDED_DISK_MB, found, mend)


def memory() -> Iterator[Finding]:
    """Memory for all parts together; what the running stack holds already counts as free."""
    import psutil

    free = psutil.virtual_memory().available // 1_000_000
    enough = free > _NEEDED_MB or _status() is not None
    yield Finding("memory", enough, f"{free} MB available", f"end other programs until {_NEEDED_MB} MB are available")


def downloads() -> Iterator[Finding]:
    """The jars and archives: all there, of the right size."""
    from infra.local.artifacts import place
    from infra.local.manifest import read

    def whole(path: Path, size: int) -> bool:
        return path.exists() and path.stat().st_size == size

    artifacts = read()
    missing = [artifact for artifact in artifacts if not whole(place(artifact, cache_dir()), artifact.size)]
    size = sum(artifact.size for artifact in missing) // 1_000_000
    found = f"{len(missing)} of {len(artifacts)} not downloaded yet ({size} MB)" if missing else f"all {len(artifacts)}"
    yield Finding("downloads", not missing, found, "skustream up")


def database_user() -> Iterator[Finding]:
    """Somebody PostgreSQL may run as."""
    from infra.local.errors import PartError
    from infra.local.parts.postgres import os_user

    try:
        user = os_user()
    except PartError as error:
        yield Finding("OS user for PostgreSQL", False, str(error), "useradd --system nobody")
        return
    yield Finding("OS user for PostgreSQL", True, f"user id {user.uid if user else os.geteuid()}")


def ports() -> Iterator[Finding]:
    """The usual ports: a taken one is no fault, the part moves."""
    from infra.local.parts import PARTS
    from infra.local.ports import is_free

    if _status() is not None:
        return
    taken = [f"{part.name} {port}" for part in PARTS for _, port in part.ports if not is_free(port)]
    yield Finding("ports", True, f"taken, will move: {', '.join(taken)}" if taken else "all free")


def parts() -> Iterator[Finding]:
    """The parts of the running stack."""
    status = _status()
    if status is None:
        yield Finding("stack", True, "not running (start it with: skustream up)")
        return
    for name, part in status["parts"].items():
        ok = part["state"] == "ready"
        words = part["state"] + (f", {part['error']}" if part["error"] else "")
        yield Finding(f"part {name}", ok, words, f"skustream logs {name}")


def change_capture() -> Iterator[Finding]:
    """The connector's state, and how much WAL its replication slot holds back."""
    status = _status()
    if status is None or status["parts"].get("connector", {}).get("state") != "ready":
        return
    yield _connector(status["parts"]["connect"]["ports"]["main"])
    yield _slot(status["environment"]["SKUSTREAM_POSTGRES"])


def _connector(port: int) -> Finding:
    import httpx

    mend = "skustream down && skustream up"
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/connectors/tryton/status", timeout=5, trust_env=False).json()
    except (httpx.HTTPError, ValueError) as error:
        return Finding("connector", False, f"Kafka Connect does not answer: {error}", mend)
    states = [answer["connector"]["state"], *(task["state"] for task in answer["tasks"])]
    return Finding("connector", set(states) == {"RUNNING"} and len(states) > 1, ", ".join(states), mend)


def _slot(address: str) -> Finding:
    import psycopg

    query = (
        "select slot_name, active, pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn) from pg_replication_slots"
    )
    try:
        with psycopg.connect(address, connect_timeout=5) as connection:
            slots = connection.execute(query).fetchall()
    except psycopg.Error as error:
        return Finding("replication slot", False, str(error).strip(), "skustream logs postgres")
    words = [
        f"{name} {'active' if active else 'idle'}, {int(lag or 0) / 1e6:.1f} MB behind" for name, active, lag in slots
    ]
    ok = bool(slots) and all(active and int(lag or 0) < _SLOT_LAG_MB * 1_000_000 for _, active, lag in slots)
    return Finding("replication slot", ok, "; ".join(words) or "there is none", "skustream logs connect")


def _status() -> dict[str, Any] | None:
    try:
        return Stack(until_exit_of=0).status()
    except NotRunning:
        return None


CHECKS: tuple[Check, ...] = (
    python, wheels, disk, memory, downloads, database_user, ports, parts, change_capture,
)  # fmt: skip
