"""The console's questions fit ClickHouse's views: on the real engine with all migrations."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from connectors.clickhouse.migrate import migrate
from infra.console import rates
from infra.console.history import History
from infra.console.render import Renderer
from tests.integration.clickhouse.engine_process import EngineProcess

pytestmark = pytest.mark.stack
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineProcess]:
    """An engine with the tables and views, and a little history."""
    process = EngineProcess(tmp_path_factory.mktemp("engine") / "data").start()
    migrate(process.url(database="skustream"))
    with process.client(database="skustream") as client:
        client.insert(
            "movements",
            [["m1", "A", 1, "counted", "Hall", 50, 50, 0, "", "", NOW, 1], ["m2", "A", 2, "reserved", "", 0, 0, 3,
             "shopify:north", "shopify:north:1", NOW + timedelta(seconds=1), 2]],
            column_names=["event_id", "sku", "version", "kind", "location", "on_hand_delta", "on_hand",
                          "reserved_delta", "channel", "order_key", "occurred_at", "_offset"],
        )  # fmt: skip
        client.insert(
            "order_changes",
            [[f"o{n}", f"shopify:north:{n}", "shopify", "north", "shopify:north", "paid", 1, NOW, n] for n in range(4)],
            column_names=["event_id", "order_key", "platform", "shop", "channel", "status", "source_version",
                          "placed_at", "_offset"],
        )  # fmt: skip
        client.insert(
            "decisions",
            [["d1", "OrderCancelled", "shopify:north:1", "shopify:north", "buyer", NOW, NOW, 1]],
            column_names=["event_id", "record", "order_key", "channel", "cause", "placed_at", "occurred_at", "_offset"],
        )
    yield process
    process.stop()


def test_the_rates_are_read_and_nothing_is_missing(engine: EngineProcess) -> None:
    found = rates.read(History(engine.url(database="skustream")))
    assert found.problem == ""
    assert found.cancellation == {"part": 1, "whole": 4, "rate": 0.25}
    assert found.causes == [{"cause": "buyer", "orders": 1}]
    assert found.oversells == 0
    assert found.stock_error is None, "nothing was compared"


def test_the_story_of_a_sku_is_told_newest_first_and_rendered(engine: EngineProcess) -> None:
    story = rates.why(History(engine.url(database="skustream")), "A")
    ledger = [row for row in story if row["source"] == "ledger"]
    told = [(row["what"], row["on_hand"], row["reserved"]) for row in ledger]
    assert told == [("reserved", 50, 3), ("counted", 50, 0)]
    page = Renderer(is_simulated=False, stand_ins=set(), section="").fragment(
        "sku_story", row={"available": 47}, story=story, source="clickhouse", problem=""
    )
    assert "Why is it 47?" in page
    assert "+50 on hand" in page
    assert "+3 reserved" in page


def test_a_database_without_tables_is_said_in_words(engine: EngineProcess) -> None:
    with engine.client() as client:
        client.command("CREATE DATABASE bare ENGINE = Atomic")
    found = rates.read(History(engine.url(database="bare")))
    assert "its tables are not there yet" in found.problem
