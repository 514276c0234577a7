"""Every topic: who is on it, by which key, in how many partitions, for how long. Topics are made from this tuple."""

from dataclasses import dataclass, field

from schemas import events as e
from schemas.events.base import Record

DAY_MS = 86_400_000
KEYED = 4
"""Partitions of every topic keyed by SKU or by order; never changes within a version."""


@dataclass(frozen=True)
class Topic:
    """One topic. ``records`` is empty where the value is not ours to define (Debezium's JSON, dead letters)."""

    name: str
    key: str
    records: tuple[type[Record], ...]
    owner: str
    about: str
    partitions: int = KEYED
    cleanup: str = "delete"
    retention_ms: int = 30 * DAY_MS
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> dict[str, str]:
        """The topic's settings as the broker takes them."""
        if self.cleanup == "compact":
            return {"cleanup.policy": "compact", "min.compaction.lag.ms": "60000", **self.extra}
        return {"cleanup.policy": "delete", "retention.ms": str(self.retention_ms), **self.extra}


COMMANDS: tuple[type[Record], ...] = (
    e.StockCounted,
    e.StockMoved,
    e.DemandCounted,
    e.PolicyChanged,
    e.ReservationRequested,
    e.ReservationConfirmed,
    e.ReservationCancelled,
    e.ReservationFulfilled,
    e.ReservationExpired,
    e.ClockTicked,
)
RESERVATIONS: tuple[type[Record], ...] = (
    e.StockReserved,
    e.StockOversold,
    e.ReservationReleased,
    e.ReservationFulfilled,
)
DECISIONS: tuple[type[Record], ...] = (e.OrderAccepted, e.OrderRejected, e.OrderCancelled, e.OrderCompleted)

RAW = Topic(
    "platform.raw.v1", "platform:shop:delivery", (e.RawDelivery,), "gateway", "Every delivery with its verdict.",
    retention_ms=7 * DAY_MS,
)  # fmt: skip
ORDERS = Topic("platform.orders.v1", "order key", (e.OrderChanged,), "gateway", "Orders as the platforms report them.")
LISTINGS = Topic("platform.listings.v1", "SKU", (e.ListingObserved,), "platforms", "What the shops show.")
PUSHES = Topic("platform.pushes.v1", "SKU", (e.ListingPushed,), "publisher", "What we set at the shops.")
ERP_CHANGES = Topic(
    "erp.tryton.changes.v1", "table and primary key", (), "Debezium", "All captured tables in commit order, JSON.",
    partitions=1, retention_ms=7 * DAY_MS,
)  # fmt: skip
INVENTORY_COMMANDS = Topic(
    "inventory.commands.v1", "SKU", COMMANDS, "agents erp, orders", "All that concerns a SKU, in one order.",
    retention_ms=7 * DAY_MS,
)  # fmt: skip
STOCK = Topic("inventory.stock.v1", "SKU", (e.StockLevel,), "agent stock", "The row of each SKU.", cleanup="compact")
INVENTORY_RESERVATIONS = Topic(
    "inventory.reservations.v1", "SKU", RESERVATIONS, "agent stock", "What became of each order line."
)
MOVEMENTS = Topic("inventory.movements.v1", "SKU", (e.StockMovement,), "agent stock", "The ledger.")
DISCREPANCIES = Topic(
    "inventory.discrepancies.v1", "SKU", (e.DiscrepancyFound,), "agent stock, publisher", "Who disagrees on what."
)
ORDER_LINES = Topic(
    "orders.lines.v1", "order key", RESERVATIONS, "agent stock", "The reservation events again, by order.",
    retention_ms=7 * DAY_MS,
)  # fmt: skip
ORDER_DECISIONS = Topic("orders.decisions.v1", "order key", DECISIONS, "agent orders", "What was decided, and why.")
DELIVERIES = Topic("orders.deliveries.v1", "order key", (e.OrderDelivered,), "order writer", "When the ERP had it.")
ALERTS = Topic(
    "ops.alerts.v1", "kind and subject", (e.AlertRaised,), "all", "Alarms with their state.", retention_ms=90 * DAY_MS
)
TRUTH = Topic("market.truth.v1", "SKU", (e.TruthRecorded,), "market", "How the simulated world really is.")

SOURCES: tuple[Topic, ...] = (
    RAW, ORDERS, LISTINGS, PUSHES, ERP_CHANGES, INVENTORY_COMMANDS, STOCK, INVENTORY_RESERVATIONS, MOVEMENTS,
    DISCREPANCIES, ORDER_LINES, ORDER_DECISIONS, DELIVERIES, ALERTS, TRUTH,
)  # fmt: skip


def dead_letters(topic: Topic) -> Topic:
    """The topic that takes what could not be decoded or applied, key and bytes untouched."""
    return Topic(
        f"{topic.name}.dlq", topic.key, (), topic.owner, f"Dead letters of {topic.name}.", partitions=topic.partitions
    )


TOPICS: tuple[Topic, ...] = (*SOURCES, *(dead_letters(t) for t in SOURCES))
BY_NAME: dict[str, Topic] = {t.name: t for t in TOPICS}
