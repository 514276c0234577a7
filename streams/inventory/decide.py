"""What a command means for a SKU: at most one movement, or none when it tells nothing new.

Decisions never refuse a fact. A sale without stock is an oversell and is held all the same; the order's saga says what
becomes of it. A fact older than what is known, or told again, changes nothing.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from schemas.wire import (
    DemandCounted,
    PolicyChanged,
    ReservationCancelled,
    ReservationConfirmed,
    ReservationExpired,
    ReservationFulfilled,
    ReservationRequested,
    StockCounted,
    StockMoved,
    StockMovement,
)
from streams.inventory.evolve import stronger
from streams.inventory.ids import derive
from streams.inventory.rows import ERP_CHANNEL, NOTHING, Reservation, StockRow, channel_of

REJECTIONS = frozenset({"rejected", "oversold"})
"""Reasons for which a line is released because the order was turned down, not because the buyer left."""
Decider: TypeAlias = Callable[[StockRow, Reservation, Any], StockMovement | None]


def count(row: StockRow, _: Reservation, command: StockCounted) -> StockMovement | None:
    """The ERP says what is at a location."""
    before = row.locations.get(command["location"])
    if before is not None and command["position"] <= before.position:
        return None
    return _at_location(row, command, "counted", command["on_hand"] - (before.on_hand if before else 0))


def move(row: StockRow, _: Reservation, command: StockMoved) -> StockMovement | None:
    """Goods came or left; what is there after it counts, so that a lost or doubled message cannot."""
    before = row.locations.get(command["location"])
    if before is not None and command["position"] <= before.position:
        return None
    movement = _at_location(row, command, "moved", command["on_hand"] - (before.on_hand if before else 0))
    return {**movement, "reason": command["reason"]}


def demand(row: StockRow, _: Reservation, command: DemandCounted) -> StockMovement | None:
    """Units that the ERP promised to others; they count as reserved."""
    if command["position"] <= row.demand_position:
        return None
    change = command["quantity"] - row.channels.get(ERP_CHANNEL, NOTHING).reserved
    movement = _movement(row, command, "demand", change, 0)
    return {**movement, "channel": ERP_CHANNEL, "position": command["position"]}


def set_policy(row: StockRow, _: Reservation, command: PolicyChanged) -> StockMovement | None:
    """A new safety stock."""
    if command["position"] <= row.policy_position:
        return None
    movement = _movement(row, command, "policy", 0, 0)
    return {**movement, "safety_stock": command["safety_stock"], "position": command["position"]}


def request(row: StockRow, reservation: Reservation, command: ReservationRequested) -> StockMovement | None:
    """A shop sold units, or changed how many."""
    if reservation.is_requested and command["revision"] <= reservation.revision:
        return None
    kind = "parked" if not row.is_known else "adjusted" if reservation.is_requested else "reserved"
    return _hold(row, reservation, command, kind)


def unpark(row: StockRow, key: str, reservation: Reservation, cause: StockCounted | StockMoved) -> StockMovement:
    """The SKU of a parked line is known now: decide the line, which was held without knowing."""
    short = max(0, reservation.held - max(0, row.available + reservation.held))
    order_key, line_id = key.split("\0")
    movement = _movement(row, cause, "oversold" if short else "reserved", 0, 0)
    return {
        **movement,
        "event_id": derive(cause["event_id"], key),
        "order_key": order_key,
        "line_id": line_id,
        "channel": reservation.channel,
        "quantity": reservation.quantity,
        "short": short,
        "expires_at": None if reservation.expires_at < 0 else reservation.expires_at,
        "position": reservation.revision,
    }


def confirm(row: StockRow, reservation: Reservation, command: ReservationConfirmed) -> StockMovement | None:
    """The hold was paid. If it had expired it is taken again, from what is there now."""
    if reservation.is_firm:
        return None
    after = reservation._replace(is_firm=True, expires_at=-1)
    movement = _of_line(row, command, "confirmed", reservation, after)
    again = after.held - reservation.held
    return {**movement, "short": max(0, again - max(0, row.available))} if again else movement


def cancel(row: StockRow, reservation: Reservation, command: ReservationCancelled) -> StockMovement | None:
    """The line is not wanted; told before its request, it leaves a mark that the request will find."""
    kind = "rejected" if command["reason"] in REJECTIONS else "cancelled"
    return _close(row, reservation, command, kind, command["reason"])


def expire(row: StockRow, reservation: Reservation, command: ReservationExpired) -> StockMovement | None:
    """An unpaid hold ran out. What is firm, or not known to be held, does not expire."""
    if reservation.is_firm or not reservation.is_open:
        return None
    return _close(row, reservation, command, "expired", "unpaid")


def fulfil(row: StockRow, reservation: Reservation, command: ReservationFulfilled) -> StockMovement | None:
    """Our order left the house: fewer units there and fewer held, in one step."""
    before = row.locations.get(command["location"])
    is_news = before is None or command["position"] > before.position
    if not is_news and command["quantity"] <= reservation.shipped:
        return None
    after = reservation._replace(shipped=max(reservation.shipped, command["quantity"]))
    movement = _of_line(row, command, "fulfilled", reservation, after)
    old = before.on_hand if before else 0
    return {
        **movement,
        "quantity": after.shipped,
        "location": command["location"],
        "on_hand": command["on_hand"] if is_news else old,
        "on_hand_delta": command["on_hand"] - old if is_news else 0,
        "position": command["position"],
        "reason": "shipped",
    }


DECIDERS: dict[str, Decider] = {
    "StockCounted": count,
    "StockMoved": move,
    "DemandCounted": demand,
    "PolicyChanged": set_policy,
    "ReservationRequested": request,
    "ReservationConfirmed": confirm,
    "ReservationCancelled": cancel,
    "ReservationExpired": expire,
    "ReservationFulfilled": fulfil,
}
OF_A_LINE = frozenset(name for name in DECIDERS if name.startswith("Reservation"))
"""Commands that concern one order line besides the SKU."""


def _hold(row: StockRow, reservation: Reservation, command: ReservationRequested, kind: str) -> StockMovement:
    until = None if command["is_firm"] or reservation.is_firm else command["expires_at"]
    after = reservation._replace(quantity=command["quantity"], is_requested=True, is_firm=until is None)
    more = after.held - reservation.held
    short = max(0, more - max(0, row.available)) if row.is_known else 0
    if short and kind == "reserved":
        kind = "oversold"
    movement = _of_line(row, command, kind, reservation, after)
    return {
        **movement,
        "quantity": command["quantity"],
        "short": short,
        "expires_at": until,
        "position": command["revision"],
    }


def _close(
    row: StockRow, reservation: Reservation, command: ReservationCancelled | ReservationExpired, kind: str, reason: str
) -> StockMovement | None:
    closed = stronger(reservation.closed, kind)
    if closed == reservation.closed:
        return None
    after = reservation._replace(closed=closed)
    return {**_of_line(row, command, kind, reservation, after), "reason": reason}


def _of_line(row: StockRow, command: Any, kind: str, before: Reservation, after: Reservation) -> StockMovement:
    movement = _movement(row, command, kind, after.held - before.held, after.sold - before.sold)
    order_key = command["order_key"]
    return {
        **movement,
        "order_key": order_key,
        "line_id": command["line_id"],
        "channel": before.channel or channel_of(order_key),
        "quantity": after.quantity,
    }


def _movement(row: StockRow, command: Any, kind: str, reserved_delta: int, sold_delta: int) -> StockMovement:
    cause_id = command["event_id"]
    movement: Any = {
        "event_id": derive(cause_id),
        "sku": command["sku"],
        "version": row.version + 1,
        "kind": kind,
        "location": "",
        "on_hand_delta": 0,
        "on_hand": 0,
        "reserved_delta": reserved_delta,
        "sold_delta": sold_delta,
        "safety_stock": -1,
        "channel": "",
        "order_key": "",
        "line_id": "",
        "quantity": 0,
        "short": 0,
        "expires_at": None,
        "position": -1,
        "reason": "",
        "cause_id": cause_id,
        "occurred_at": command["occurred_at"],
    }
    return movement  # type: ignore[no-any-return]


def _at_location(row: StockRow, command: StockCounted | StockMoved, kind: str, change: int) -> StockMovement:
    movement = _movement(row, command, kind, 0, 0)
    return {
        **movement,
        "location": command["location"],
        "on_hand": command["on_hand"],
        "on_hand_delta": change,
        "position": command["position"],
    }
