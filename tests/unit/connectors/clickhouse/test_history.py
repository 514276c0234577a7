"""Every record of every topic becomes a row of its table, with nothing of it left out."""

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.clickhouse.batch import Batch, Partition, column_names
from connectors.clickhouse.decoding import decode
from connectors.clickhouse.history import HISTORY_TABLES, NOT_KEPT, TABLE_OF, HistoryTable
from connectors.clickhouse.raw import Message, dead_letter, erp_change
from schemas.codec import Codec, UndecodableRecord
from schemas.registry import FixedIds
from schemas.topics import ALERTS, ERP_CHANGES, MOVEMENTS, STOCK, TOPICS, Topic

EXAMPLES = Path(__file__).parents[4] / "schemas" / "examples"
CODEC = Codec(FixedIds())
PAIRS = [(topic, record.__name__) for topic in TOPICS if topic.name in TABLE_OF for record in topic.records]
SPREAD = {"lines", "locations", "channels"}


def message(topic: Topic, value: bytes | None, offset: int = 7, headers: dict[str, str] | None = None) -> Message:
    packed = {name: text.encode() for name, text in (headers or {}).items()}
    return Message(topic.name, 1, offset, 1_700_000_000_000, b"k", value, packed)


def row_as_dict(table: HistoryTable, row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip((column.name for column in table.columns), row, strict=True))


def test_every_topic_is_kept_or_left_out_on_purpose() -> None:
    assert set(TABLE_OF) | {topic.name for topic in NOT_KEPT} == {topic.name for topic in TOPICS}
    assert len({table.name for table in HISTORY_TABLES}) == len(HISTORY_TABLES)


@pytest.mark.parametrize(("topic", "record"), PAIRS, ids=lambda value: getattr(value, "name", value))
def test_a_row_has_every_field_of_its_record(topic: Topic, record: str) -> None:
    table = TABLE_OF[topic.name]
    for value in json.loads((EXAMPLES / f"{record}.json").read_text()):
        row = table.row_of(message(topic, CODEC.encode(record, value)), CODEC)
        assert row is not None
        found = row_as_dict(table, row)
        known = {name: found[name] for name in value if name in found}
        assert known == {name: value[name] for name in known}
        left_out = set(value) - set(found) - SPREAD
        assert (
            left_out <= {"is_complete", "version", "cause_id"}
            if topic.name == "inventory.commands.v1"
            else not left_out
        )
        assert found.get("record", record) == record


def test_lines_locations_and_channels_become_arrays() -> None:
    accepted = json.loads((EXAMPLES / "OrderAccepted.json").read_text())[0]
    table = TABLE_OF["orders.decisions.v1"]
    row = table.row_of(message(table.topics[0], CODEC.encode("OrderAccepted", accepted)), CODEC)
    assert row is not None
    assert row_as_dict(table, row)["lines.sku"] == [line["sku"] for line in accepted["lines"]]
    level = json.loads((EXAMPLES / "StockLevel.json").read_text())[0]
    table = TABLE_OF[STOCK.name]
    row = table.row_of(message(STOCK, CODEC.encode("StockLevel", level)), CODEC)
    assert row is not None
    found = row_as_dict(table, row)
    assert dict(zip(found["locations.location"], found["locations.on_hand"], strict=True)) == level["locations"]
    assert found["channels.sold"] == [channel["sold"] for channel in level["channels"].values()]


def test_what_is_refused_and_what_makes_no_row() -> None:
    truth = json.loads((EXAMPLES / "TruthRecorded.json").read_text())[0]
    messages = [
        message(ALERTS, CODEC.encode("TruthRecorded", truth)),
        message(ALERTS, None),
        message(MOVEMENTS, b"\x00\x00"),
        message(ERP_CHANGES, b"[1]"),
        message(ERP_CHANGES, b"\xff"),
        message(STOCK, None),
        message(ERP_CHANGES, None),
    ]
    batch, refused = decode(messages, CODEC)
    assert batch.size == 0
    assert [letter.message for letter in refused] == messages[:5]


def test_an_erp_change_keeps_its_value_and_tells_its_place() -> None:
    value = (
        '{"before": null, "op": "u", "ts_ms": 5, "source": {"table": "stock_move", "lsn": 9, "txId": 3, "ts_ms": 4}}'
    )
    assert erp_change(message(ERP_CHANGES, value.encode())) == ("k", "stock_move", "u", 9, 3, 4, 5, value)
    with pytest.raises(UndecodableRecord):
        erp_change(message(ERP_CHANGES, b'{"ts_ms": "yesterday"}'))


def test_a_dead_letter_is_kept_whatever_its_headers_say() -> None:
    topic = next(topic for topic in TOPICS if topic.name == "ops.alerts.v1.dlq")
    told = {"x-original-topic": "t", "x-original-offset": "12", "x-attempts": "3"}
    whole = dead_letter(message(topic, b"\xff", headers=told))
    assert (whole[0], whole[2], whole[7], whole[10], whole[11]) == ("t", 12, 3, b"k", b"\xff")
    bare = dead_letter(message(topic, None, headers={"x-original-offset": "what"}))
    assert (bare[0], bare[2], bare[11]) == ("ops.alerts.v1", -1, b"")


def test_a_batch_without_what_is_stored() -> None:
    table = TABLE_OF[ALERTS.name]
    batch = Batch()
    batch.next_offsets = {Partition(ALERTS.name, 1): 10}
    for offset in (7, 8, 9):
        batch.add(table, ("x",) * len(table.columns), message(ALERTS, b"", offset))
    left = batch.without({Partition(ALERTS.name, 1): frozenset({7, 9}), Partition(ALERTS.name, 2): frozenset({8})})
    assert [row[column_names(table).index("_offset")] for row in left.rows["alerts"]] == [8]
    assert left.next_offsets == batch.next_offsets
