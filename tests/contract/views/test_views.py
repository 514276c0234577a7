"""Every view on the real engine: given rows, expected rows, as <view>.yaml says."""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml
from clickhouse_connect.driver.client import Client

from connectors.clickhouse.history import HISTORY_TABLES
from connectors.clickhouse.migrate import VIEWS, migrate
from tests.integration.clickhouse.engine_process import EngineProcess

HERE = Path(__file__).parent
CASES = [
    pytest.param(view, case, id=f"{view}: {case['name']}")
    for view in VIEWS
    for case in yaml.safe_load((HERE / f"{view}.yaml").read_text())
]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    process = EngineProcess(tmp_path_factory.mktemp("views") / "data").start()
    migrate(process.url(database="skustream"))
    with process.client(database="skustream") as client:
        # a row that was stored twice stays there twice: the views must not lean on a merge
        client.command("SYSTEM STOP MERGES")
        yield client
    process.stop()


@pytest.fixture
def tables(database: Client) -> Iterator[Client]:
    yield database
    for table in HISTORY_TABLES:
        database.command(f"TRUNCATE TABLE {table.name}")


def insert(client: Client, table: str, rows: list[dict[str, Any]]) -> None:
    """Store rows; what a row leaves out has its type's default, and each has the next offset."""
    offsets = count()
    full = [{"_offset": next(offsets), "_topic": table, "_timestamp": "2026-11-01 00:00:00", **row} for row in rows]
    client.raw_insert(
        table,
        insert_block="\n".join(json.dumps(row, default=str) for row in full),
        fmt="JSONEachRow",
        settings={"date_time_input_format": "best_effort"},
    )


def select(client: Client, source: str, columns: list[str]) -> list[dict[str, Any]]:
    settings = {"output_format_json_quote_64bit_integers": 0}
    query = f"SELECT {', '.join(columns)} FROM {source} ORDER BY ALL"
    answer = client.raw_query(query, fmt="JSONEachRow", settings=settings)
    return [json.loads(line) for line in answer.splitlines()]


@pytest.mark.parametrize(("view", "case"), CASES)
def test_view(tables: Client, view: str, case: dict[str, Any]) -> None:
    for table, rows in case["given"].items():
        insert(tables, table, rows)
    expected = case["expect"]
    columns = case.get("columns") or list(expected[0])
    found = select(tables, view + case.get("arguments", ""), columns)
    wanted = [dict(zip(columns, row, strict=True)) for row in expected] if "columns" in case else expected
    assert found == wanted
