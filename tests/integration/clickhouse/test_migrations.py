"""Migrations on the real engine: they run once, refuse edits, and declare what the rows have."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from connectors.clickhouse.columns import SOURCE
from connectors.clickhouse.history import HISTORY_TABLES, HistoryTable
from connectors.clickhouse.migrate import SQL, VIEWS, MigrationError, migrate, read_migrations, statements
from tests.integration.clickhouse.engine_process import EngineProcess


@pytest.fixture
def fresh(engine: EngineProcess) -> Iterator[str]:
    with engine.client() as client:
        yield engine.url(database="fresh")
        client.command("DROP DATABASE IF EXISTS fresh SYNC")


def test_a_second_run_does_nothing(fresh: str) -> None:
    assert migrate(fresh).migrations == tuple(migration.name for migration in read_migrations())
    assert migrate(fresh).migrations == ()


def test_a_run_that_broke_in_the_middle_can_be_repeated(fresh: str, engine: EngineProcess) -> None:
    migrate(fresh)
    with engine.client(database="fresh") as client:
        client.command("DROP TABLE movements SYNC")
        client.command("TRUNCATE TABLE schema_migrations")
    migrate(fresh)
    with engine.client(database="fresh") as client:
        assert client.query("SELECT count() FROM movements").first_row == (0,)


def test_an_edited_migration_is_refused(fresh: str, tmp_path: Path) -> None:
    migrate(fresh)
    copy = tmp_path / "sql"
    shutil.copytree(SQL, copy)
    first = next(iter(sorted((copy / "migrations").glob("*.sql"))))
    first.write_text(first.read_text() + "\n-- edited\n")
    with pytest.raises(MigrationError, match=first.name):
        migrate(fresh, copy)
    first.unlink()
    with pytest.raises(MigrationError, match=r"numbered|does not know"):
        migrate(fresh, copy)


def test_statements_end_at_a_semicolon_that_ends_a_line() -> None:
    assert statements("-- a;b\nSELECT ';' ;\n\nSELECT 2;\n-- end\n") == ["-- a;b\nSELECT ';'", "SELECT 2"]


def test_every_view_has_a_file_and_every_file_is_a_view() -> None:
    assert sorted(VIEWS) == sorted(path.stem for path in (SQL / "views").glob("*.sql"))


@pytest.mark.parametrize("table", HISTORY_TABLES, ids=lambda table: table.name)
def test_the_tables_have_the_columns_that_the_rows_have(history: Client, table: HistoryTable) -> None:
    query = "SELECT name, type, comment FROM system.columns WHERE database = currentDatabase() AND table = {t:String}"
    found = history.query(f"{query} ORDER BY position", parameters={"t": table.name}).result_rows
    declared = [(column.name, column.type) for column in (*table.columns, *SOURCE)]
    assert [(row[0], row[1]) for row in found] == [*declared, ("_inserted_at", "DateTime64(3, 'UTC')")]
    assert [row[0] for row in found if not row[2]] == []
