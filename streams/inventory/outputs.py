"""What the world is told of a movement: what became of an order line, and the SKU's level."""

from typing import Any

from schemas.wire import ChannelLevel, StockLevel, StockMovement
from streams.inventory.evolve import CLOSED
from streams.inventory.rows import Reservation, StockRow


def reservation_event(movement: StockMovement, after: Reservation) -> tuple[str, dict[str, Any]] | None:
    """The record's name and value for a movement of an order line; None where the line's standing is as before."""
    kind = movement["kind"]
    if kind in CLOSED:
        return _released(movement, kind, movement["reason"] or "unknown")
    if kind == "adjusted" and not after.is_open:
        return _released(movement, after.closed or kind, "edited")
    if kind == "fulfilled":
        return "ReservationFulfilled", _fulfilled(movement, after)
    if kind == "parked" or not after.is_open or (kind == "confirmed" and not movement["reserved_delta"]):
        return None
    event = _event(movement, after.quantity)
    if movement["short"]:
        return "StockOversold", {**event, "short": movement["short"]}
    return "StockReserved", event


def level(row: StockRow, last: StockMovement) -> StockLevel:
    """The row as the world sees it after its last movement."""
    available = row.available
    free = max(0, available)
    channels: dict[str, ChannelLevel] = {
        name: {"available": free, "reserved": channel.reserved, "sold": channel.sold}
        for name, channel in row.channels.items()
    }
    return {
        "event_id": last["event_id"],
        "sku": last["sku"],
        "version": row.version,
        "on_hand": row.on_hand,
        "reserved": row.reserved,
        "safety_stock": row.safety_stock,
        "available": available,
        "locations": {name: place.on_hand for name, place in row.locations.items()},
        "channels": channels,
        "is_known": row.is_known,
        "cause": last["kind"],
        "cause_id": last["cause_id"],
        "as_of": last["occurred_at"],
    }


def _event(movement: StockMovement, quantity: int) -> dict[str, Any]:
    return {
        "event_id": movement["event_id"],
        "sku": movement["sku"],
        "order_key": movement["order_key"],
        "line_id": movement["line_id"],
        "channel": movement["channel"],
        "quantity": quantity,
        "version": movement["version"],
        "cause_id": movement["cause_id"],
        "occurred_at": movement["occurred_at"],
    }


def _released(movement: StockMovement, kind: str, reason: str) -> tuple[str, dict[str, Any]]:
    event = _event(movement, max(0, -movement["reserved_delta"]))
    return "ReservationReleased", {**event, "kind": kind, "reason": reason}


def _fulfilled(movement: StockMovement, after: Reservation) -> dict[str, Any]:
    return {
        "event_id": movement["event_id"],
        "sku": movement["sku"],
        "occurred_at": movement["occurred_at"],
        "order_key": movement["order_key"],
        "line_id": movement["line_id"],
        "quantity": after.shipped,
        "location": movement["location"],
        "on_hand": movement["on_hand"],
        "position": movement["position"],
        "source": "stock",
        "is_complete": after.is_requested and after.shipped >= after.quantity,
        "version": movement["version"],
        "cause_id": movement["cause_id"],
    }
