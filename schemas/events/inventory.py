"""Everything that concerns one SKU: the commands that reach its row, and the events that leave it."""

from typing import Annotated, Literal

from schemas.events.base import Delta, Key, Long, Millis, Record, Sku, Symbols, Text, Units

MoveReason = Annotated[
    Literal["unknown", "received", "shipped", "moved", "counted", "returned", "corrected", "renamed"],
    Symbols("MoveReason"),
]
CancelReason = Annotated[
    Literal["unknown", "buyer", "seller", "oversold", "unconfirmed", "unpaid", "rejected", "edited"],
    Symbols("CancelReason"),
]
MovementKind = Annotated[
    Literal[
        "unknown",
        "counted",
        "moved",
        "demand",
        "policy",
        "reserved",
        "oversold",
        "parked",
        "adjusted",
        "confirmed",
        "cancelled",
        "expired",
        "rejected",
        "fulfilled",
    ],
    Symbols("MovementKind"),
]


class Command(Record):
    """What reaches a SKU's row on inventory.commands.v1."""

    event_id: Key
    sku: Sku
    occurred_at: Millis


class StockCounted(Command):
    """The ERP (or a stocktake) says how many units are at a location."""

    location: Key
    on_hand: Delta
    """Units there after it; an ERP may report less than nothing."""
    position: Long
    """Where the fact stands in the source's commit order; the highest wins per SKU and location."""
    source: Key


class StockMoved(Command):
    """Goods came to or left a location: the difference as a fact, and what is there after it."""

    location: Key
    quantity: Delta
    on_hand: Delta
    position: Long
    source: Key
    reason: MoveReason
    reference: Text
    """The ERP's own reference of the move."""


class DemandCounted(Command):
    """Units that the ERP has promised to buyers who are not ours (counter sales, B2B)."""

    quantity: Units
    position: Long
    source: Key


class PolicyChanged(Command):
    """A new safety stock for the SKU; the highest position wins."""

    safety_stock: Units
    position: Long


class ReservationRequested(Command):
    """A shop sold units of a SKU; a fact, whether there is stock or not."""

    order_key: Key
    line_id: Key
    channel: Key
    quantity: Units
    is_firm: bool
    """True when paid: it then never expires."""
    expires_at: Millis | None
    """When an unpaid hold ends; None for never."""
    revision: Long
    """The order's version that asked; a higher one may change the quantity."""


class ReservationConfirmed(Command):
    """The hold became firm (paid)."""

    order_key: Key
    line_id: Key


class ReservationCancelled(Command):
    """The line is not wanted any more; what has not been shipped is free again."""

    order_key: Key
    line_id: Key
    reason: CancelReason


class ReservationFulfilled(Command):
    """Units of an order line left the house. As a command it lowers on_hand and closes the reservation in one
    step; on inventory.reservations.v1 the same record tells that this was done."""

    order_key: Key
    line_id: Key
    quantity: Units
    """Units of this line shipped so far, all shipments together."""
    location: Key
    on_hand: Delta
    """Units at the location after it."""
    position: Long
    source: Key
    is_complete: bool = False
    """On the event: nothing of the line is left to ship."""
    version: Long = 0
    """On the event: the row's version."""
    cause_id: Text = ""


class ReservationExpired(Command):
    """An operator or a saga ends a hold by hand; the usual way is expires_at and the clock."""

    order_key: Key
    line_id: Key


class ClockTicked(Record):
    """Time passed, on every partition; the only clock that the stock table knows."""

    event_id: Key
    source: Key
    occurred_at: Millis


class ReservationEvent(Record):
    """What became of an order line; goes out by SKU and, the same bytes, by order."""

    event_id: Key
    sku: Sku
    order_key: Key
    line_id: Key
    channel: Key
    quantity: Units
    version: Long
    """The row's version after it."""
    cause_id: Key
    occurred_at: Millis


class StockReserved(ReservationEvent):
    """The units are held for the line."""


class StockOversold(ReservationEvent):
    """The shop sold more than could be sold: the line is held all the same until the order is decided."""

    short: Units
    """Units of the line that are not there."""


class ReservationReleased(ReservationEvent):
    """The units that were still held for the line are free again."""

    kind: MovementKind
    """cancelled, expired or rejected; adjusted when the line was edited down to what has left already, or to nothing"""
    reason: CancelReason


class StockMovement(Record):
    """One row of the ledger: one change of a SKU's row. The row is the fold of its movements."""

    event_id: Key
    sku: Sku
    version: Long
    """Rises by one with each movement of the SKU, without a gap."""
    kind: MovementKind
    location: Text
    on_hand_delta: Delta
    on_hand: Delta
    """Units at the location after it (0 where no location is concerned)."""
    reserved_delta: Delta
    sold_delta: Delta
    """Change of the channel's sold units: sold less cancelled."""
    safety_stock: Long
    """New safety stock; -1 where it is not concerned."""
    channel: Text
    order_key: Text
    line_id: Text
    quantity: Units
    """Units of the order line; for a shipment, shipped so far."""
    short: Units
    expires_at: Millis | None
    position: Long
    """The source's position; -1 where there is none."""
    reason: Text
    cause_id: Key
    occurred_at: Millis


class ChannelLevel(Record):
    """A channel's share of the row."""

    available: Units
    """Units that this channel may show."""
    reserved: Delta
    sold: Delta
    """Units sold through this channel less what was cancelled, ever."""


class StockLevel(Record):
    """A SKU's row as the world sees it; the last one per SKU holds (compacted topic)."""

    event_id: Key
    sku: Sku
    version: Long
    on_hand: Delta
    reserved: Delta
    safety_stock: Units
    available: Delta
    """on_hand - reserved - safety_stock; below nothing only by an oversell that was recorded."""
    locations: dict[str, int]
    channels: dict[str, ChannelLevel]
    is_known: bool
    """False until the ERP has told of the SKU."""
    cause: MovementKind
    cause_id: Key
    as_of: Millis


class DiscrepancyFound(Record):
    """Two sources disagree on a SKU."""

    event_id: Key
    sku: Sku
    kind: Annotated[
        Literal["unknown", "unmapped_sku", "listing_drift", "erp_drift", "oversold", "negative_on_hand"],
        Symbols("DiscrepancyKind"),
    ]
    channel: Text
    expected: Delta
    actual: Delta
    cause: Text
    cause_id: Key
    occurred_at: Millis
