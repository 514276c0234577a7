"""What the shopping platforms tell us, and what we tell them."""

from typing import Annotated, Literal

from schemas.events.base import Delta, Key, Long, Millis, Record, Sku, Symbols, Text, Units

OrderStatus = Annotated[
    Literal[
        "unknown",
        "created",
        "paid",
        "partially_shipped",
        "shipped",
        "completed",
        "held",
        "cancel_requested",
        "cancelled_unpaid",
        "cancelled_paid",
        "refund_requested",
        "refunded",
        "return_in_transit",
        "returned",
    ],
    Symbols("OrderStatus"),
]
Verdict = Annotated[
    Literal[
        "unknown",
        "accepted",
        "ignored",
        "bad_signature",
        "unknown_shop",
        "malformed",
        "invalid",
        "too_large",
        "unknown_status",
        "stale",
    ],
    Symbols("Verdict"),
]
FoundBy = Annotated[Literal["unknown", "webhook", "queue", "backfill"], Symbols("FoundBy")]
ListingSource = Annotated[Literal["unknown", "poll", "webhook", "sample", "readback"], Symbols("ListingSource")]
PushOutcome = Annotated[
    Literal["unknown", "accepted", "conflict", "clamped", "refused", "failed"], Symbols("PushOutcome")
]


class RawDelivery(Record):
    """One delivery as it came in, whatever its verdict; customer fields of the body are masked."""

    event_id: Key
    platform: Key
    shop: Key
    delivery_id: Key
    """The platform's own id of the delivery, or a hash of the body where it has none."""
    kind: Text
    """The platform's name for the kind of delivery, such as orders/create."""
    verdict: Verdict
    reason: Text
    """Empty when accepted; otherwise what was wrong, naming the field."""
    headers: dict[str, str]
    body: str
    received_at: Millis


class OrderLine(Record):
    """One line of an order as the platform has it now."""

    line_id: Key
    sku: Sku
    quantity: Units
    """Units wanted now: what was ordered less what was cancelled or refunded before shipping."""


class OrderChanged(Record):
    """An order as the platform reports it; the whole order every time, never a difference."""

    event_id: Key
    order_key: Key
    """platform:shop:order"""
    platform: Key
    shop: Key
    channel: Key
    """platform:shop"""
    status: OrderStatus
    lines: list[OrderLine]
    source_version: Long
    """The order's own version; a smaller one is older whenever it arrives."""
    reason: Text
    """Why it was cancelled or held, in the platform's word; else empty."""
    found_by: FoundBy
    placed_at: Millis
    occurred_at: Millis
    """When the change happened at the platform."""
    received_at: Millis


class ListingObserved(Record):
    """The quantity that a shop showed for a SKU at an instant."""

    event_id: Key
    sku: Sku
    channel: Key
    platform: Key
    quantity: Delta
    source: ListingSource
    sample_id: Text
    """Joins the observations and the truth of one instant (market only); else empty."""
    observed_at: Millis


class ListingPushed(Record):
    """A quantity that we set at a shop, and the shop's answer."""

    event_id: Key
    sku: Sku
    channel: Key
    platform: Key
    quantity: Delta
    previous: Delta
    """What the shop showed before, as far as we knew; -1 if we did not."""
    outcome: PushOutcome
    reason: Text
    attempts: Units
    stock_version: Long
    cause_id: Key
    cause_at: Millis
    """When the change that caused it happened."""
    acknowledged_at: Millis
