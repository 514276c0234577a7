"""What the fold remembers: the last row of everything, the moves' effect, and sums by product, place and order line.

u t p c s l   uom, template, product, location, sale, line: id -> [position, row]
m             move: id -> [position, row, applied effect]
h             on hand: product, location -> units          d   demand that is not ours: product -> units
x             shipped: line -> units                       y   template, product -> 1
k             SKU -> product that bears it now             z   zones: [location ids]
w             what a move waits for, move -> 1             !   told only when the snapshot ends
"""

from collections.abc import Iterator
from typing import Any

from connectors.erp.contract import Change, State
from connectors.erp.tryton.tables import Line, Location, Product, Template, Uom

PREFIX = {
    "product_uom": "u",
    "product_template": "t",
    "product_product": "p",
    "stock_location": "c",
    "sale_sale": "s",
    "sale_line": "l",
    "stock_move": "m",
}
ZONES = b"z"
OWED = b"!"
"""Set while there is something to be told that could not be told at once."""
_DEEPEST = 32
_DIGITS = 12


def key(prefix: str, *ids: int) -> bytes:
    """Ids with leading zeros, so that keys sort as ids do."""
    return "/".join((prefix, *(f"{number:0{_DIGITS}d}" for number in ids))).encode()


def ids_of(found: bytes) -> tuple[int, ...]:
    """The ids in a key."""
    return tuple(int(part) for part in found.split(b"/")[1:] if part.isdigit())


class Missing(Exception):
    """Something that a move refers to has not been seen yet."""

    def __init__(self, prefix: str, number: int) -> None:
        super().__init__(f"{prefix}/{number}")
        self.what = (prefix, number)


class Book:
    """Typed access to the state of one ERP."""

    def __init__(self, state: State) -> None:
        self.state = state

    def under(self, prefix: str, *ids: int) -> Iterator[tuple[tuple[int, ...], bytes, Any]]:
        """(ids, key, value) of every key below these."""
        start = key(prefix, *ids) + b"/"
        for found, value in self.state.scan(start, start[:-1] + b"0"):
            yield ids_of(found), found, value

    def is_stale(self, change: Change) -> bool:
        """True when a change of this row at the same place or a later one was seen: a repetition, or out of order."""
        stored = self.state.get(key(PREFIX[change.table], change.id))
        return stored is not None and tuple(stored[0]) >= change.position

    def row(self, prefix: str, number: int) -> dict[str, Any] | None:
        """The last row; None when unknown or deleted."""
        stored = self.state.get(key(prefix, number))
        return None if stored is None else stored[1]

    def keep(self, change: Change) -> None:
        """Remember the row of a change, or that it was deleted."""
        self.state.put(key(PREFIX[change.table], change.id), [list(change.position), plain(change)])

    def need(self, prefix: str, number: int) -> dict[str, Any]:
        """The row. Raises Missing."""
        found = self.row(prefix, number)
        if found is None:
            raise Missing(prefix, number)
        return found

    def product(self, number: int) -> Product:
        """Raises Missing."""
        return Product.model_construct(id=number, **self.need("p", number))

    def template(self, number: int) -> Template:
        """Raises Missing."""
        return Template.model_construct(id=number, **self.need("t", number))

    def uom(self, number: int) -> Uom:
        """Raises Missing."""
        return Uom.model_construct(id=number, **self.need("u", number))

    def location(self, number: int) -> Location:
        """Raises Missing."""
        return Location.model_construct(id=number, **self.need("c", number))

    def our_line(self, number: int) -> tuple[str, str, str] | None:
        """(order key, line id, SKU that was sold), or None when the line is not ours. Raises Missing."""
        if self.state.get(key("l", number)) is not None and self.row("l", number) is None:
            return None
        line = Line.model_construct(id=number, **self.need("l", number))
        if self.state.get(key("s", line.sale)) is not None and self.row("s", line.sale) is None:
            return None
        order_key = self.need("s", line.sale)["external_id"]
        if not (order_key and line.external_id and line.external_sku):
            return None
        return order_key, line.external_id, line.external_sku

    def sku(self, product: int) -> str | None:
        """The SKU that the product bears now; None without a code, or when it or its template is not active."""
        try:
            found = self.product(product)
            is_active = found.active and self.template(found.template).active
        except Missing:
            return None
        return found.code if found.code and is_active else None

    def place(self, location: int) -> str | None:
        """The location's code if goods there can be sold: a storage place inside a warehouse's storage zone."""
        row = self.row("c", location)
        if row is None or row["type"] != "storage":
            return None
        zones = self.state.get(ZONES) or []
        node: int | None = location
        for _ in range(_DEEPEST):
            if node is None:
                return None
            if node in zones:
                return row["code"] or f"#{location}"
            above = self.row("c", node)
            node = None if above is None else above["parent"]
        return None

    def on_hand(self, product: int | None, location: int) -> int:
        """Units there by all moves that are done."""
        return 0 if product is None else self.state.get(key("h", product, location)) or 0

    def add(self, delta: int, prefix: str, *ids: int) -> int:
        """Add to a sum; the sum after it."""
        name = key(prefix, *ids)
        total: int = (self.state.get(name) or 0) + delta
        self.state.put(name, total)
        return total


def plain(change: Change) -> dict[str, Any] | None:
    """The row as it is kept: its columns but the id."""
    if change.row is None:
        return None
    columns: dict[str, Any] = change.row.model_dump()
    del columns["id"]
    return columns
