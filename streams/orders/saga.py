"""From what a platform reports and what the stock table answers to requests, releases and decisions.

Order-independent: the order's own version decides which report is newer, and every request carries an id derived from
its cause. A report carries the whole order, so nothing has to be remembered of the ones that were missed; but that it
was paid is news even from an older report, since a newer one may only say that it is held.
"""

from typing import Any, Literal, NamedTuple, TypeAlias

from schemas.wire import OrderChanged, OrderLine
from streams.inventory.ids import derive
from streams.orders.rows import ENDED, HELD, Line, OrderRow

OversellPolicy: TypeAlias = Literal["reject", "backorder"]
FIRM = frozenset({"paid", "partially_shipped", "shipped", "completed", "refund_requested", "cancel_requested"})
GONE = frozenset({"cancelled_unpaid", "cancelled_paid", "refunded"})
AFTERWARDS = frozenset({"return_in_transit", "returned"})
"""What happens to goods that have left: the ERP's returns tell of them, not the reservation."""


class Policy(NamedTuple):
    """How orders are decided."""

    oversell: OversellPolicy = "reject"
    hold_ms: int = 30 * 60_000
    """How long an unpaid order holds stock."""


class Output(NamedTuple):
    """A record to send: commands go by their SKU, decisions by their order key."""

    record: str
    value: dict[str, Any]


Result: TypeAlias = tuple[OrderRow, list[Output]]


def on_change(order: OrderRow, event: OrderChanged, policy: Policy) -> Result:
    """A platform reports an order."""
    is_news = event["source_version"] > order.source_version
    is_firm = order.is_firm or event["status"] in FIRM
    if event["status"] in AFTERWARDS or not (is_news or is_firm != order.is_firm):
        return order, []
    if is_news:
        order = order._replace(
            source_version=event["source_version"],
            channel=event["channel"],
            placed_at=order.placed_at or event["placed_at"],
        )
        if event["status"] in GONE:
            return _cancel(order, event)
    if order.decision == "cancelled" and is_firm and any(line.state == "expired" for line in order.lines):
        order = order._replace(decision="")  # paid after its hold ran out: the buyer's money is the later fact
    if order.decision in ENDED:
        return order, []
    wanted = event["lines"] if is_news else _lines(order)
    order, outputs = _want(order, event, wanted, is_firm, policy)
    order, decided = _decide(order._replace(is_firm=is_firm), event, policy)
    return order, outputs + decided


def on_line(order: OrderRow, record: str, event: Any, policy: Policy) -> Result:
    """The stock table says what became of a line."""
    lines = tuple(
        _answered(line, record, event, order.is_firm) if _is_it(line, event) else line for line in order.lines
    )
    if lines == order.lines:
        return order, []
    return _decide(order._replace(lines=lines), event, policy)


def _is_it(line: Line, event: Any) -> bool:
    return bool(line.line_id == event["line_id"] and line.sku == event["sku"])


def _answered(line: Line, record: str, event: Any, is_firm: bool) -> Line:
    if line.state in ("released", "fulfilled"):
        return line
    if record == "ReservationFulfilled":
        shipped = max(line.shipped, event["quantity"])
        return line._replace(shipped=shipped, state="fulfilled" if shipped >= line.quantity else line.state)
    if record == "ReservationReleased":
        if event["kind"] == "adjusted":
            return line  # we asked for that, and know
        if event["kind"] == "expired":
            return line._replace(state="requested" if is_firm else "expired")  # paid meanwhile: it is taken again
        return line._replace(state="released")
    if event["quantity"] != line.quantity:
        return line  # the answer to an earlier request; the one to the last is on its way
    if record == "StockOversold":
        return line._replace(state="oversold", short=event["short"])
    return line._replace(state="reserved", short=0)


def _want(order: OrderRow, event: OrderChanged, wanted: list[OrderLine], is_firm: bool, policy: Policy) -> Result:
    """Ask for what is new or changed, let go what is not wanted, confirm what was paid.

    A line that is not wanted is asked for with nothing, not cancelled: it may be wanted again, a cancel is for ever.
    """
    left = {(line["line_id"], line["sku"]): line["quantity"] for line in wanted if line["quantity"] > 0}
    lines: list[Line] = []
    outputs: list[Output] = []
    for line in order.lines:
        quantity = left.pop((line.line_id, line.sku), 0)
        if quantity != line.quantity:
            line = line._replace(quantity=quantity, state=_asked(line, quantity, is_firm))
            outputs.append(_request(event, line, is_firm, policy))
        elif is_firm and not order.is_firm and line.state in HELD:
            outputs.append(Output("ReservationConfirmed", _command(event, line, "confirm")))
            line = line._replace(state="requested" if line.state == "expired" else line.state)
        lines.append(line)
    for (line_id, sku), quantity in left.items():
        lines.append(Line(line_id, sku, quantity, "requested", 0))
        outputs.append(_request(event, lines[-1], is_firm, policy))
    return order._replace(lines=tuple(lines)), outputs


def _asked(line: Line, quantity: int, is_firm: bool) -> str:
    """The line's state once another quantity has been asked for."""
    if quantity <= line.shipped:
        return "fulfilled" if line.shipped else "released"
    return "expired" if line.state == "expired" and not is_firm else "requested"


def _cancel(order: OrderRow, event: OrderChanged) -> Result:
    """The order is gone at the platform, whether we have seen it before or not."""
    if order.decision in ("rejected", "completed"):
        return order, []
    known = {(line.line_id, line.sku) for line in order.lines}
    unseen = [Line(x["line_id"], x["sku"], x["quantity"], "released", 0) for x in event["lines"]]
    order, outputs = _let_go(order, event, _cause(event))
    if order.decision == "cancelled":
        return order, outputs  # its holds had run out; from now on no payment brings them back
    order = order._replace(lines=(*order.lines, *(x for x in unseen if (x.line_id, x.sku) not in known)))
    return _cancelled(order, event, _cause(event), outputs)


def _let_go(order: OrderRow, event: Any, reason: str) -> Result:
    """Release every line that holds units or may again: a payment may be on its way to an expired one."""
    outputs = [_release(line, event, reason) for line in order.lines if line.state in HELD]
    return order._replace(
        lines=tuple(x._replace(state="released") if x.state in HELD else x for x in order.lines)
    ), outputs


def _cause(event: OrderChanged) -> str:
    return "unpaid" if event["status"] == "cancelled_unpaid" else "buyer"


def _cancelled(order: OrderRow, event: Any, cause: str, outputs: list[Output]) -> Result:
    value = {**_decision(order, event, "cancelled", [cause]), "cause": cause, "was_accepted": order.was_accepted}
    return order._replace(decision="cancelled"), [*outputs, Output("OrderCancelled", value)]


def _decide(order: OrderRow, event: Any, policy: Policy) -> Result:
    """What the lines together mean for the order."""
    live = [line for line in order.lines if line.state != "released"]
    if order.decision in ENDED or not live:
        return order, []
    states = {line.state for line in live}
    if states == {"fulfilled"}:
        value = _decision(order, event, "completed", [])
        return order._replace(decision="completed"), [Output("OrderCompleted", value)]
    if not order.decision and "oversold" in states and policy.oversell == "reject":
        return _reject(order, event)
    if not order.decision and states == {"expired"} and not order.is_firm:
        return _cancelled(order, event, "unpaid", [])
    if not order.decision and order.is_firm and states <= {"reserved", "oversold", "fulfilled"}:
        return _accept(order, event)
    return order, []


def _accept(order: OrderRow, event: Any) -> Result:
    reasons = [f"{line.sku}: {line.short} on backorder" for line in order.lines if line.state == "oversold"]
    value = {**_decision(order, event, "accepted", reasons), "lines": _lines(order)}
    return order._replace(decision="accepted", was_accepted=True), [Output("OrderAccepted", value)]


def _reject(order: OrderRow, event: Any) -> Result:
    reasons = [f"{line.sku}: {line.short} short" for line in order.lines if line.state == "oversold"]
    value = {**_decision(order, event, "rejected", reasons), "lines": _lines(order)}
    order, outputs = _let_go(order, event, "oversold")
    return order._replace(decision="rejected"), [*outputs, Output("OrderRejected", value)]


def _lines(order: OrderRow) -> list[OrderLine]:
    return [{"line_id": x.line_id, "sku": x.sku, "quantity": x.quantity} for x in order.lines if x.state != "released"]


def _request(event: OrderChanged, line: Line, is_firm: bool, policy: Policy) -> Output:
    value = {
        **_command(event, line, "request"),
        "channel": event["channel"],
        "quantity": line.quantity,
        "is_firm": is_firm,
        "expires_at": None if is_firm else event["occurred_at"] + policy.hold_ms,
        "revision": event["source_version"],
    }
    return Output("ReservationRequested", value)


def _release(line: Line, event: Any, reason: str) -> Output:
    return Output("ReservationCancelled", {**_command(event, line, "release"), "reason": reason})


def _command(event: Any, line: Line, act: str) -> dict[str, Any]:
    return {
        "event_id": derive(event["event_id"], line.line_id, line.sku, act),
        "sku": line.sku,
        "occurred_at": event["occurred_at"],
        "order_key": event["order_key"],
        "line_id": line.line_id,
    }


def _decision(order: OrderRow, event: Any, decision: str, reasons: list[str]) -> dict[str, Any]:
    return {
        "event_id": derive(event["event_id"], decision),
        "order_key": event["order_key"],
        "channel": order.channel,
        "reasons": reasons,
        "placed_at": order.placed_at,
        "occurred_at": event["occurred_at"],
        "cause_id": event["event_id"],
    }
