"""The history tables: which topics each one keeps, and how a record becomes a row. Pure: no client, no clock."""

from collections.abc import Callable
from dataclasses import dataclass

from connectors.clickhouse import raw
from connectors.clickhouse.columns import (
    LINES,
    Column,
    Row,
    ToRow,
    fields,
    flag,
    moment,
    text,
    texts,
    whole,
    wholes,
    with_lines,
    with_places,
    word,
    words,
)
from connectors.clickhouse.raw import Message
from schemas import topics
from schemas.codec import Codec, UndecodableRecord
from schemas.topics import Topic

RowOf = Callable[[Message, Codec], Row | None]


@dataclass(frozen=True)
class HistoryTable:
    """One table. `row_of` gives a record's row, None for a record that makes none; it raises UndecodableRecord."""

    name: str
    topics: tuple[Topic, ...]
    columns: tuple[Column, ...]
    row_of: RowOf


def _avro(name: str, topic: Topic, columns: tuple[Column, ...], to_row: ToRow | None = None) -> HistoryTable:
    make = to_row or fields(*columns)
    records = frozenset(record.__name__ for record in topic.records)
    skips_tombstones = topic.cleanup == "compact"

    def row_of(message: Message, codec: Codec) -> Row | None:
        if message.value is None and skips_tombstones:
            return None
        record, value = codec.decode(message.value)
        if record not in records:
            raise UndecodableRecord(f"{record} does not belong on {topic.name}")
        return make(record, value)

    return HistoryTable(name, (topic,), columns, row_of)


_EXPIRES_AT = Column("expires_at", "Nullable(DateTime64(3, 'UTC'))", None)

RAW_DELIVERY = (
    *(text("event_id"), word("platform"), word("shop"), text("delivery_id"), word("kind"), word("verdict")),
    *(text("reason"), Column("headers", "Map(LowCardinality(String), String)"), text("body"), moment("received_at")),
)
ORDER_CHANGE = (
    *(text("event_id"), text("order_key"), word("platform"), word("shop"), word("channel"), word("status"), *LINES),
    *(whole("source_version"), text("reason"), word("found_by")),
    *(moment("placed_at"), moment("occurred_at"), moment("received_at")),
)
LISTING = (
    *(text("event_id"), word("sku"), word("channel"), word("platform"), whole("quantity"), word("source")),
    *(text("sample_id"), moment("observed_at")),
)
PUSH = (
    *(text("event_id"), word("sku"), word("channel"), word("platform"), whole("quantity"), whole("previous")),
    *(word("outcome"), text("reason"), whole("attempts"), whole("stock_version"), text("cause_id")),
    *(moment("cause_at"), moment("acknowledged_at")),
)
COMMAND = (
    *(text("event_id"), word("record"), word("sku", ""), text("order_key", ""), text("line_id", "")),
    *(word("channel", ""), word("location", ""), whole("quantity", 0), whole("on_hand", 0), whole("safety_stock", -1)),
    *(word("reason", ""), text("reference", ""), word("source", ""), whole("position", -1), whole("revision", -1)),
    *(flag("is_firm", False), _EXPIRES_AT, moment("occurred_at")),
)
STOCK_LEVEL = (
    *(text("event_id"), word("sku"), whole("version"), whole("on_hand"), whole("reserved"), whole("safety_stock")),
    *(whole("available"), words("locations.location"), wholes("locations.on_hand"), words("channels.channel")),
    *(wholes("channels.available"), wholes("channels.reserved"), wholes("channels.sold"), flag("is_known")),
    *(word("cause"), text("cause_id"), moment("as_of")),
)
RESERVATION_EVENT = (
    *(text("event_id"), word("record"), word("sku"), text("order_key"), text("line_id"), word("channel", "")),
    *(whole("quantity"), whole("short", 0), word("kind", ""), word("reason", ""), word("location", "")),
    *(whole("on_hand", 0), flag("is_complete", False), whole("position", -1), word("source", "")),
    *(whole("version"), text("cause_id"), moment("occurred_at")),
)
MOVEMENT = (
    *(text("event_id"), word("sku"), whole("version"), word("kind"), word("location"), whole("on_hand_delta")),
    *(whole("on_hand"), whole("reserved_delta"), whole("sold_delta"), whole("safety_stock"), word("channel")),
    *(text("order_key"), text("line_id"), whole("quantity"), whole("short"), _EXPIRES_AT, whole("position")),
    *(text("reason"), text("cause_id"), moment("occurred_at")),
)
DISCREPANCY = (
    *(text("event_id"), word("sku"), word("kind"), word("channel"), whole("expected"), whole("actual")),
    *(text("cause"), text("cause_id"), moment("occurred_at")),
)
DECISION = (
    *(text("event_id"), word("record"), text("order_key"), word("channel"), texts("reasons"), *LINES),
    *(word("cause", ""), flag("was_accepted", False), text("cause_id"), moment("placed_at"), moment("occurred_at")),
)
DELIVERY = (
    *(text("event_id"), text("order_key"), word("action"), word("erp"), text("erp_reference"), whole("attempts")),
    *(whole("delay_ms"), text("cause_id"), moment("occurred_at")),
)
ALERT = (
    *(text("event_id"), word("kind"), text("subject"), word("state"), word("severity"), text("summary")),
    *(text("action"), text("cause_id"), moment("occurred_at")),
)
TRUTH = (
    *(text("event_id"), text("sample_id"), word("sku"), whole("on_hand"), whole("sellable"), moment("occurred_at")),
)

DEAD_LETTER_TOPICS = tuple(topic for topic in topics.TOPICS if topic.name.endswith(".dlq"))

HISTORY_TABLES: tuple[HistoryTable, ...] = (
    _avro("raw_deliveries", topics.RAW, RAW_DELIVERY),
    _avro("order_changes", topics.ORDERS, ORDER_CHANGE, with_lines(fields(*ORDER_CHANGE))),
    _avro("listings", topics.LISTINGS, LISTING),
    _avro("pushes", topics.PUSHES, PUSH),
    _avro("commands", topics.INVENTORY_COMMANDS, COMMAND),
    _avro("stock_levels", topics.STOCK, STOCK_LEVEL, with_places(fields(*STOCK_LEVEL))),
    _avro("reservation_events", topics.INVENTORY_RESERVATIONS, RESERVATION_EVENT),
    _avro("movements", topics.MOVEMENTS, MOVEMENT),
    _avro("discrepancies", topics.DISCREPANCIES, DISCREPANCY),
    _avro("decisions", topics.ORDER_DECISIONS, DECISION, with_lines(fields(*DECISION))),
    _avro("deliveries", topics.DELIVERIES, DELIVERY),
    _avro("alerts", topics.ALERTS, ALERT),
    _avro("truth", topics.TRUTH, TRUTH),
    HistoryTable("erp_changes", (topics.ERP_CHANGES,), raw.ERP_CHANGE, lambda message, codec: raw.erp_change(message)),
    HistoryTable("dead_letters", DEAD_LETTER_TOPICS, raw.DEAD_LETTER, lambda message, codec: raw.dead_letter(message)),
)

# the same bytes as inventory.reservations.v1, under another key: kept once, in reservation_events
NOT_KEPT: tuple[Topic, ...] = (topics.ORDER_LINES,)

TABLE_OF: dict[str, HistoryTable] = {topic.name: table for table in HISTORY_TABLES for topic in table.topics}
