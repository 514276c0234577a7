"""What a movement does to a row and to a reservation. The ledger folded by these two functions is the table."""

from schemas.wire import StockMovement
from streams.inventory.rows import EMPTY_ROW, NOTHING, Channel, Location, Reservation, StockRow, line_key

REQUESTED = frozenset({"reserved", "oversold", "parked", "adjusted"})
CLOSED = frozenset({"cancelled", "rejected", "expired"})


def evolve_row(row: StockRow, movement: StockMovement) -> StockRow:
    """The row after a movement."""
    kind, reserved_delta, sold_delta = movement["kind"], movement["reserved_delta"], movement["sold_delta"]
    on_hand, locations, channels = row.on_hand, row.locations, row.channels
    is_known, position = row.is_known, movement["position"]
    if place := movement["location"]:
        before = locations.get(place)
        if before is None or position > before.position:
            locations = {**locations, place: Location(movement["on_hand"], position)}
        on_hand += movement["on_hand_delta"]
        is_known = True
    if reserved_delta or sold_delta:
        name = movement["channel"]
        old = channels.get(name, NOTHING)
        channels = {**channels, name: Channel(old.reserved + reserved_delta, old.sold + sold_delta)}
    return StockRow(
        movement["version"],
        is_known,
        on_hand,
        row.reserved + reserved_delta,
        movement["safety_stock"] if kind == "policy" else row.safety_stock,
        position if kind == "policy" else row.policy_position,
        position if kind == "demand" else row.demand_position,
        locations,
        channels,
        _parked(row, movement) if kind == "parked" or row.parked else (),
    )


def _parked(row: StockRow, movement: StockMovement) -> tuple[str, ...]:
    key = line_key(movement["order_key"], movement["line_id"])
    if movement["kind"] == "parked":
        return row.parked if key in row.parked else (*row.parked, key)
    if movement["kind"] in REQUESTED or movement["kind"] in CLOSED:
        return tuple(other for other in row.parked if other != key)
    return row.parked


def evolve_reservation(reservation: Reservation, movement: StockMovement) -> Reservation:
    """The order line after a movement of its own."""
    quantity, is_requested, is_firm, closed, shipped, short, channel, expires_at, revision = reservation
    kind = movement["kind"]
    if kind in REQUESTED:
        quantity, short, is_requested, revision = movement["quantity"], movement["short"], True, movement["position"]
        until = movement["expires_at"]
        expires_at, is_firm = (-1, True) if until is None else (until, is_firm)
    elif kind == "confirmed":
        is_firm, expires_at = True, -1
        short = movement["short"] if movement["reserved_delta"] else short
    elif kind == "fulfilled":
        shipped = max(shipped, movement["quantity"])
    elif kind in CLOSED:
        closed = stronger(closed, kind)
    channel = movement["channel"] or channel
    return Reservation(quantity, is_requested, is_firm, closed, shipped, short, channel, expires_at, revision)


def stronger(closed: str, kind: str) -> str:
    """Of two endings the buyer's or seller's will holds; the clock's yields, since paying may take it back."""
    return kind if not closed or closed == "expired" else closed


def fold(movements: list[StockMovement]) -> StockRow:
    """A SKU's row from its whole ledger, in order of version."""
    row = EMPTY_ROW
    for movement in movements:
        row = evolve_row(row, movement)
    return row
