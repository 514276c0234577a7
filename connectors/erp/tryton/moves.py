"""What a stock move does to the sums: pure arithmetic on one row and the rows it refers to."""

from dataclasses import dataclass, field
from typing import Any

from connectors.erp.contract import BadChange
from connectors.erp.tryton.book import Book, Missing, key
from connectors.erp.tryton.tables import Move

PROMISED = frozenset({"staging", "draft", "assigned"})
LEAVING = frozenset({"customer", "production", "supplier"})
"""Kinds of places that goods are promised to. Counting (lost_found) and moving about promise nothing."""
REASONS = {
    ("storage", "customer"): "shipped",
    ("customer", "storage"): "returned",
    ("supplier", "storage"): "received",
    ("lost_found", "storage"): "counted",
    ("storage", "lost_found"): "counted",
}


@dataclass(slots=True)
class Effect:
    """What a move adds to the sums; an effect is also the difference of two."""

    product: int
    hand: dict[int, int] = field(default_factory=dict)
    demand: int = 0
    line: int = 0
    shipped: int = 0
    reason: str = "moved"

    def kept(self) -> list[Any]:
        """As it is stored with the move."""
        hand = [[place, units] for place, units in sorted(self.hand.items())]
        return [self.product, hand, self.demand, self.line, self.shipped]


def stored_effect(kept: list[Any] | None) -> Effect | None:
    """The reverse of `Effect.kept`."""
    if kept is None:
        return None
    product, hand, demand, line, shipped = kept
    return Effect(product, dict(hand), demand, line, shipped)


def effect_of(book: Book, number: int, row: dict[str, Any]) -> Effect:
    """Raises Missing while something it refers to is unknown, BadChange for a fraction of a sales unit."""
    move = Move.model_construct(id=number, **row)
    effect = Effect(move.product)
    source, target = book.location(move.from_location), book.location(move.to_location)
    effect.reason = REASONS.get((source.type, target.type), "moved")
    if move.state == "cancelled":
        return effect
    units = sales_units(book, move)
    line = line_of(move.origin)
    ours = book.our_line(line) if line else None
    if move.state == "done":
        if source.type == "storage":
            effect.hand[source.id] = effect.hand.get(source.id, 0) - units
        if target.type == "storage":
            effect.hand[target.id] = effect.hand.get(target.id, 0) + units
        if ours and "customer" in (source.type, target.type):
            effect.line = line
            effect.shipped = units if target.type == "customer" else -units
    elif ours is None and target.type in LEAVING and book.place(source.id) is not None:
        effect.demand = units
    return effect


def sales_units(book: Book, move: Move) -> int:
    """The move's quantity in the unit that the product is sold in."""
    template = book.template(book.product(move.product).template)
    quantity = move.internal_quantity
    if template.sale_uom is not None and template.sale_uom != template.default_uom:
        quantity *= book.uom(template.default_uom).factor / book.uom(template.sale_uom).factor
    units = round(quantity)
    # doubles: 0.25 kg over 0.001 kg is 250.00000000000003
    if abs(quantity - units) > 1e-6 * max(1.0, abs(quantity)):
        raise BadChange(
            f"stock_move {move.id}: column internal_quantity: {quantity!r} is no whole number of sales units"
        )
    return units


def line_of(origin: str | None) -> int:
    """The sale line that a move is made for; 0 for none."""
    model, _, number = (origin or "").partition(",")
    return int(number) if model == "sale.line" and number.isdigit() and int(number) > 0 else 0


def recount(book: Book, number: int) -> Effect | None:
    """Bring the sums up to date with the move as it is now; the difference, or None when there is none.

    A move that refers to something unknown adds nothing and is looked at again when that arrives.
    """
    name = key("m", number)
    stored = book.state.get(name)
    if stored is None:
        return None
    position, row, kept = stored
    before, after = stored_effect(kept), None
    if row is not None:
        try:
            after = effect_of(book, number, row)
        except Missing as missing:
            book.state.put(key("w" + missing.what[0], missing.what[1], number), 1)
    book.state.put(name, [position, row, after.kept() if after else None])
    difference = subtract(after, before)
    if difference is not None:
        apply(book, difference)
    return difference


def subtract(after: Effect | None, before: Effect | None) -> Effect | None:
    """After less before, of the same product: a move whose product changed must have been taken off first."""
    if after is None and before is None:
        return None
    product = (after or before).product  # type: ignore[union-attr]
    new, old = after or Effect(product), before or Effect(product)
    hand = {place: new.hand.get(place, 0) - old.hand.get(place, 0) for place in {*new.hand, *old.hand}}
    difference = Effect(
        product,
        {place: units for place, units in hand.items() if units},
        new.demand - old.demand,
        new.line or old.line,
        new.shipped - old.shipped,
        new.reason if new.hand else "corrected",
    )
    return difference if difference.hand or difference.demand or difference.shipped else None


def apply(book: Book, difference: Effect) -> None:
    """Add a difference to the sums."""
    for location, units in difference.hand.items():
        book.add(units, "h", difference.product, location)
    if difference.demand:
        book.add(difference.demand, "d", difference.product)
    if difference.shipped:
        book.add(difference.shipped, "x", difference.line)
