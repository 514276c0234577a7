"""The template database: made once from nothing, kept as a dump, restored in seconds.

Two dumps are kept, since they change for different reasons: the base (modules, company, warehouse) and the base with a
catalogue and its initial stock. Each is named after a hash of all that it was made from.
"""

import argparse
import fcntl
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from infra.local.parts.postgres import binaries
from infra.local.tryton import server as tryton

FAST = "-c jit=off -c synchronous_commit=off"
Say = Callable[[str], None]


class TemplateError(Exception):
    """A step failed; the message names it and ends with what it said last."""


def to_stderr(message: str) -> None:
    """The default way of progress."""
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()


def ensure_dump(server: str, cache: Path, catalogue: Path | None = None, say: Say = to_stderr) -> Path:
    """The dump with this catalogue (or without goods), made now if it is not in ``cache``.

    ``server``: a running PostgreSQL as ``postgresql://USER:PASSWORD@HOST:PORT``, whose user may create databases.
    ``catalogue``: JSON list of ``{sku, name, price, stock: {location: units}}``. Raises TemplateError.
    """
    cache.mkdir(parents=True, exist_ok=True)
    base = cache / f"tryton-base-{fingerprint()}.dump"
    dump = cache / f"tryton-{fingerprint(catalogue)}.dump" if catalogue else base
    with alone(cache / "tryton.lock"):
        if not dump.exists():
            make(server, base, dump, catalogue, say)
    return dump


def make(server: str, base: Path, dump: Path, catalogue: Path | None, say: Say) -> None:
    """Both dumps, or only the second where the first is there."""
    started = time.monotonic()
    cache = dump.parent
    with scratch_database(server) as name:
        config = cache / f"{name}.conf"
        tryton.write_config(config, server, "127.0.0.1:0")
        try:
            if base.exists():
                fill(base, server, name)
            else:
                say("tryton template: making the base database, once (about 40 s)")
                run_setup(["base", str(config), name], say)
                save(server, name, base)
            if catalogue:
                run_setup(["catalogue", str(config), name, str(catalogue)], say)
                save(server, name, dump)
        finally:
            config.unlink()
    say(f"tryton template: {dump.name} made in {time.monotonic() - started:.1f} s")


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Stacks that share a cache wait for the one that makes the dump."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def ensure_database(server: str, dump: Path, password: str, name: str = tryton.DATABASE) -> bool:
    """Restore ``dump`` as database ``name`` if there is none of that name, and give ``admin`` this password.

    True if it was restored.
    """
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return False
        unfinished = f"{name}_restoring"
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(unfinished)))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(unfinished)))
        fill(dump, server, unfinished)
        set_password(f"{server}/{unfinished}", password)
        # renamed only when whole, so that a restore that was killed is begun again and not taken for the database
        connection.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(unfinished), sql.Identifier(name))
        )
    return True


def set_password(database: str, password: str) -> None:
    """The hash as Tryton itself would write it."""
    hashed = PasswordHash([Argon2Hasher()]).hash(password)
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE res_user SET password_hash = %s WHERE login = 'admin'", [hashed])


def fingerprint(catalogue: Path | None = None) -> str:
    """What a dump is named after: our module, Tryton's versions and the catalogue."""
    digest = hashlib.sha256(tryton.versions().encode())
    for file in sorted((tryton.MODULE / "skustream_trytond").glob("*.*")):
        digest.update(file.name.encode() + file.read_bytes())
    if catalogue is not None:
        digest.update(catalogue.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def scratch_database(server: str) -> Iterator[str]:
    """A database of our own that is gone afterwards."""
    name = f"tryton_template_{os.getpid()}"
    identifier = sql.Identifier(name)
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(identifier))
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(identifier))
        try:
            yield name
        finally:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(identifier))


def run_setup(arguments: list[str], say: Say) -> None:
    environment = {**tryton.environment(), "PGOPTIONS": FAST}
    run([sys.executable, "-m", "skustream_trytond.setup", *arguments], environment, say)


def save(server: str, name: str, dump: Path) -> None:
    """The database as a file; it appears under its name only when whole."""
    partial = dump.with_suffix(f".{os.getpid()}.partial")
    run([str(binaries() / "pg_dump"), "-Fc", "-Z1", "-f", str(partial), f"{server}/{name}"])
    partial.replace(dump)


def fill(dump: Path, server: str, name: str) -> None:
    run(
        [str(binaries() / "pg_restore"), "-j2", "--no-owner", "--exit-on-error", "-d", f"{server}/{name}", str(dump)],
        {**os.environ, "PGOPTIONS": FAST},
    )


def run(command: list[str], environment: dict[str, str] | None = None, say: Say = to_stderr) -> None:
    """Progress of the command is said as it comes; TemplateError when it fails."""
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        said: list[str] = []
        for line in process.stderr or ():
            said.append(line.rstrip())
            if line.startswith("tryton template:"):
                say(line.rstrip())
    if process.returncode:
        raise TemplateError(f"{Path(command[0]).name} {command[1]} failed: " + "\n".join(said[-12:]))


def main() -> None:
    """Make the dump (and, with --database, restore it) in a running PostgreSQL."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.tryton.template", description=main.__doc__)
    parser.add_argument("server", help="postgresql://USER:PASSWORD@HOST:PORT")
    parser.add_argument("cache", type=Path, help="folder that keeps the dumps")
    parser.add_argument("--catalogue", type=Path, help="JSON list of {sku, name, price, stock: {location: units}}")
    parser.add_argument("--database", help="restore it under this name; admin's password is read from stdin")
    options = parser.parse_args()
    dump = ensure_dump(options.server, options.cache, options.catalogue)
    if options.database:
        ensure_database(options.server, dump, sys.stdin.readline().strip(), options.database)
    sys.stdout.write(f"{dump}\n")


if __name__ == "__main__":
    main()
