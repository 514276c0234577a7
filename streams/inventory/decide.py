"""What a command means for a SKU: at most one movement, or none when it tells nothing new.

Decisions never refuse a fact. A sale without stock is an oversell and is held all the same; the order's saga says what
becomes of it. A fact older than what is known, or told again, changes nothing.
"""

from collections.abc import Callable
from typing import Any, TypeAlias, cast

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
from streams.inventory.rows import ERP_CHANNEL, NOTHING, NOWHERE, Reservation, StockRow, channel_of

REJECTIONS = frozenset({"rejected", "oversold"})
"""Reasons for which a line is released because the order was turned down, not because the buyer left."""
Draft: TypeAlias = dict[str, Any]
"""A movement in the making: filled here, read-only for everybody else."""
Decider: TypeAlias = Callable[[StockRow, Reservation, Any], StockMovement | None]


def count(row: StockRow, _: Reservation, command: StockCounted) -> StockMovement | None:
    """The ERP says what is at a location."""
    return _at_location(row, command, "counted", "")


def move(row: StockRow, _: Reservation, command: StockMoved) -> StockMovement | None:
    """Goods came or left; what is there after it counts, so that a lost or doubled message cannot."""
    return _at_location(row, command, "moved", command["reason"])


def demand(row: StockRow, _: Reservation, command: DemandCounted) -> StockMovement | None:
    """Units that the ERP promised to others; they count as reserved."""
    if command["position"] <= row.demand_position:
        return None
    change = command["quantity"] - row.channels.get(ERP_CHANNEL, NOTHING).reserved
    draft = _draft(row, command, "demand", change, 0)
    draft["channel"] = ERP_CHANNEL
    draft["position"] = command["position"]
    return cast("StockMovement", draft)


def set_policy(row: StockRow, _: Reservation, command: PolicyChanged) -> StockMovement | None:
    """A new safety stock."""
    if command["position"] <= row.policy_position:
        return None
    draft = _draft(row, command, "policy", 0, 0)
    draft["safety_stock"] = command["safety_stock"]
    draft["position"] = command["position"]
    return cast("StockMovement", draft)


def request(row: StockRow, reservation: Reservation, command: ReservationRequested) -> StockMovement | None:
    """A shop sold units, or changed how many."""
    if reservation.is_requested and command["revision"] <= reservation.revision:
        return None
    quantity = command["quantity"]
    until = None if command["is_firm"] or reservation.is_firm else command["expires_at"]
    after = reservation._replace(quantity=quantity, is_requested=True, is_firm=until is None)
    draft = _of_line(row, command, "adjusted" if reservation.is_requested else "reserved", reservation, after)
    if not row.is_known:
        draft["kind"] = "parked"
    else:
        was_short = reservation.short if reservation.is_open else 0
        more = was_short + draft["reserved_delta"] - max(0, row.available)
        draft["short"] = short = min(after.held, max(0, more))
        if short and not reservation.is_requested:
            draft["kind"] = "oversold"
    draft["expires_at"] = until
    draft["position"] = command["revision"]
    return cast("StockMovement", draft)


def unpark(
    row: StockRow,
    key: str,
    reservation: Reservation,
    cause: StockCounted | StockMoved | ReservationFulfilled,
    waiting: int,
) -> StockMovement:
    """The SKU of a parked line is known now: decide the line, which was held without knowing.

    ``waiting`` is what it and the parked lines behind it hold: first come, first served.
    """
    short = max(0, reservation.held - max(0, row.available + waiting))
    draft = _draft(row, cause, "oversold" if short else "reserved", 0, 0)
    draft["event_id"] = derive(cause["event_id"], key)
    draft["order_key"], draft["line_id"] = key.split("\0")
    draft["channel"] = reservation.channel
    draft["quantity"] = reservation.quantity
    draft["short"] = short
    draft["expires_at"] = None if reservation.expires_at < 0 else reservation.expires_at
    draft["position"] = reservation.revision
    return cast("StockMovement", draft)


def confirm(row: StockRow, reservation: Reservation, command: ReservationConfirmed) -> StockMovement | None:
    """The hold was paid. If it had expired it is taken again, from what is there now."""
    if reservation.is_firm:
        return None
    draft = _of_line(row, command, "confirmed", reservation, reservation._replace(is_firm=True, expires_at=-1))
    if again := draft["reserved_delta"]:
        if not row.is_known:
            draft["kind"] = "parked"
            draft["position"] = reservation.revision
        else:
            draft["short"] = max(0, again - max(0, row.available))
    return cast("StockMovement", draft)


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
    before = row.locations.get(command["location"], NOWHERE)
    is_news = command["position"] > before.position
    shipped = max(reservation.shipped, command["quantity"])
    if not is_news and shipped == reservation.shipped:
        return None
    draft = _of_line(row, command, "fulfilled", reservation, reservation._replace(shipped=shipped))
    draft["quantity"] = shipped
    draft["location"] = command["location"]
    draft["on_hand"] = on_hand = command["on_hand"] if is_news else before.on_hand
    draft["on_hand_delta"] = on_hand - before.on_hand
    draft["position"] = command["position"]
    draft["reason"] = "shipped"
    return cast("StockMovement", draft)


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


def _at_location(row: StockRow, command: StockCounted | StockMoved, kind: str, reason: str) -> StockMovement | None:
    before = row.locations.get(command["location"], NOWHERE)
    if command["position"] <= before.position:
        return None
    draft = _draft(row, command, kind, 0, 0)
    draft["location"] = command["location"]
    draft["on_hand"] = command["on_hand"]
    draft["on_hand_delta"] = command["on_hand"] - before.on_hand
    draft["position"] = command["position"]
    draft["reason"] = reason
    return cast("StockMovement", draft)


def _close(
    row: StockRow, reservation: Reservation, command: ReservationCancelled | ReservationExpired, kind: str, reason: str
) -> StockMovement | None:
    closed = stronger(reservation.closed, kind)
    if closed == reservation.closed:
        return None
    draft = _of_line(row, command, kind, reservation, reservation._replace(closed=closed))
    draft["reason"] = reason
    return cast("StockMovement", draft)


def _of_line(row: StockRow, command: Any, kind: str, before: Reservation, after: Reservation) -> Draft:
    draft = _draft(row, command, kind, after.held - before.held, after.sold - before.sold)
    draft["order_key"] = order_key = command["order_key"]
    draft["line_id"] = command["line_id"]
    draft["channel"] = before.channel or channel_of(order_key)
    draft["quantity"] = after.quantity
    return draft


def _draft(row: StockRow, command: Any, kind: str, reserved_delta: int, sold_delta: int) -> Draft:
    cause_id = command["event_id"]
    return {
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
