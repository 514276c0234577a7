"""`python -m connectors.clickhouse.migrate`: run the migrations that have not run, then (re)make the views."""

import hashlib
import json
import os
import re
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from connectors.clickhouse.client import Client, connect, database_of

SQL = Path(__file__).resolve().parents[2] / "infra" / "clickhouse"
_NAME = re.compile(r"^(\d{4})_([a-z0-9_]+)\.sql$")

# in the order in which they need one another
VIEWS: tuple[str, ...] = (
    "stock",
    "orders",
    "reservations",
    "oversells",
    "cancellation_rate",
    "listing_samples",
    "stock_error_rate",
    "freshness",
    "ledger_vs_table",
    "stock_as_of",
    "why",
)


class MigrationError(RuntimeError):
    """A migration that has run was edited, or the files' numbers have a gap; nothing was changed."""


@dataclass(frozen=True)
class Migration:
    """One frozen file."""

    version: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, by which an edit is noticed."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True)
class Report:
    """What was done: names of the migrations that ran now, and of the views that were made."""

    migrations: tuple[str, ...]
    views: tuple[str, ...]


def statements(text: str) -> list[str]:
    """The statements of a file; each ends with a semicolon at the end of a line."""
    parts = re.split(r";[ \t]*(?:\n|$)", text)
    return [part.strip() for part in parts if re.sub(r"--[^\n]*", "", part).strip()]


def read_migrations(folder: Path = SQL / "migrations") -> list[Migration]:
    """All migrations in order; raises MigrationError unless they are numbered 1, 2, 3, ..."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.match(path.name)
        if match is None:
            raise MigrationError(f"{path.name}: a migration is called NNNN_name.sql")
        found.append(Migration(int(match.group(1)), path.name, path.read_text()))
    if [migration.version for migration in found] != list(range(1, len(found) + 1)):
        raise MigrationError(f"migrations must be numbered 0001, 0002, ...: {[m.name for m in found]}")
    return found


def migrate(url: str, folder: Path = SQL) -> Report:
    """Bring the database of the URL up to date; safe to run again, also after a crash in the middle."""
    database = database_of(url)
    with connect(url, database="default") as server:
        server.command(f"CREATE DATABASE IF NOT EXISTS `{database}` ENGINE = Atomic")
    with connect(url) as client:
        ran = _run_missing(client, read_migrations(folder / "migrations"))
        for view in VIEWS:
            for statement in statements((folder / "views" / f"{view}.sql").read_text()):
                client.command(statement)
    return Report(tuple(ran), VIEWS)


def _run_missing(client: Client, migrations: list[Migration]) -> list[str]:
    client.command(
        "CREATE TABLE IF NOT EXISTS schema_migrations (version UInt32, name String, checksum String, "
        "applied_at DateTime64(3, 'UTC') DEFAULT now64(3)) ENGINE = MergeTree ORDER BY version "
        "COMMENT 'Migrations that have run; see infra/clickhouse/migrations'"
    )
    rows = client.query("SELECT version, name, checksum FROM schema_migrations").result_rows
    applied = {int(row[0]): (str(row[1]), str(row[2])) for row in rows}
    unknown = applied.keys() - {migration.version for migration in migrations}
    if unknown:
        raise MigrationError(f"the database has run migrations that this version does not know: {sorted(unknown)}")
    for migration in migrations:
        name, checksum = applied.get(migration.version, (migration.name, migration.checksum))
        if (name, checksum) != (migration.name, migration.checksum):
            raise MigrationError(f"{migration.name} was edited after it ran; put the change into a new migration")
    missing = [migration for migration in migrations if migration.version not in applied]
    for migration in missing:
        for statement in statements(migration.text):
            client.command(statement)
        row = [migration.version, migration.name, migration.checksum]
        client.insert("schema_migrations", [row], column_names=["version", "name", "checksum"])
    return [migration.name for migration in missing]


def main() -> int:
    """Migrate the database of SKUSTREAM_CLICKHOUSE and print what was done as one JSON document."""
    url = os.environ.get("SKUSTREAM_CLICKHOUSE")
    if not url:
        sys.stderr.write("SKUSTREAM_CLICKHOUSE is not set; it is http://default:TOKEN@host:port/skustream\n")
        return 2
    try:
        report = migrate(url)
    except MigrationError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(json.dumps(asdict(report)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
