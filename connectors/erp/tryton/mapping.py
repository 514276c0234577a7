"""Tryton's change feed folded into stock commands: one handler per table, all order-independent.

Nothing is taken from the order in which rows of different tables arrive: a move that comes before its product, place
or order line waits for it, and every sum follows from the last row of each move.
"""

from collections.abc import Callable
from typing import Any

from connectors.erp.contract import Change, Command, Erp, State
from connectors.erp.tryton.book import OWED, PREFIX, ZONES, Book, key, plain
from connectors.erp.tryton.changes import parse
from connectors.erp.tryton.moves import recount
from connectors.erp.tryton.tables import TABLES
from connectors.erp.tryton.telling import TOPIC, Telling, sku_key

RECOUNT = b"!all"


def fold(state: State, change: Change) -> list[Command]:
    """Take one change into the state; what the world must be told. Raises BadChange."""
    book = Book(state)
    telling = Telling(book, change)
    if change.table == "skustream_heartbeat":
        if not change.is_snapshot:
            telling.tick()
    elif not book.is_stale(change):
        HANDLERS[change.table](book, change, telling)
    # the last row of a snapshot is itself told only at the snapshot's end, which is now
    if change.is_snapshot and not state.get(OWED):
        state.put(OWED, 1)
    if state.get(OWED) and not (change.is_snapshot and not change.ends_snapshot):
        pay(book, telling)
    return telling.settled()


def on_move(book: Book, change: Change, telling: Telling) -> None:
    """A move's effect is what it does now less what it did before."""
    name = key("m", change.id)
    stored = book.state.get(name)
    row = plain(change)
    kept = stored[2] if stored else None
    if kept and row and kept[0] != row["product"]:
        book.state.put(name, [list(change.position), None, kept])
        _recount(book, change.id, telling)
        kept = None
    book.state.put(name, [list(change.position), row, kept])
    _recount(book, change.id, telling)


def on_product(book: Book, change: Change, telling: Telling) -> None:
    """Its SKU may come, go or change; its stock goes with it."""
    before = book.sku(change.id)
    book.keep(change)
    if change.row is not None:
        book.state.put(key("y", change.row.template, change.id), 1)
    _sku_changed(book, change.id, before, telling)
    _release(book, "p", change.id, telling)


def on_template(book: Book, change: Change, telling: Telling) -> None:
    """All its variants are in use or not, and are counted in its units."""
    products = [ids[1] for ids, _, _ in book.under("y", change.id)]
    before = {product: book.sku(product) for product in products}
    old = book.row("t", change.id)
    book.keep(change)
    for product in products:
        _sku_changed(book, product, before[product], telling)
    _release(book, "t", change.id, telling)
    new = plain(change)
    if old and new and (old["default_uom"], old["sale_uom"]) != (new["default_uom"], new["sale_uom"]):
        _recount_all(book, telling)


def on_location(book: Book, change: Change, telling: Telling) -> None:
    """A place may become sellable or cease to be, or change its code."""
    old, new = book.row("c", change.id), plain(change)
    if old == new:
        book.keep(change)
        return
    if change.is_snapshot:
        _keep_location(book, change)
        book.state.put(RECOUNT, 1)
        return
    places = _places(book)
    _keep_location(book, change)
    moved = {place for place, code in _places(book).items() if code != places.get(place)} | (
        places.keys() - _places(book).keys()
    )
    for ids, _, _ in list(book.under("h")):
        product, location = ids
        sku = book.sku(product)
        if location in moved and sku is not None:
            if (gone := places.get(location)) is not None:
                telling.zero(sku, gone)
            telling.counted(product, location)
    _release(book, "c", change.id, telling)
    if moved and old is not None:
        _recount_all(book, telling)


def on_reference(book: Book, change: Change, telling: Telling) -> None:
    """Units, sales and their lines: written once, and looked up by moves."""
    old = book.row(PREFIX[change.table], change.id)
    book.keep(change)
    _release(book, PREFIX[change.table], change.id, telling)
    if old is not None and old != plain(change):
        _recount_all(book, telling)


HANDLERS: dict[str, Callable[[Book, Change, Telling], None]] = {
    "product_uom": on_reference,
    "product_template": on_template,
    "product_product": on_product,
    "stock_location": on_location,
    "sale_sale": on_reference,
    "sale_line": on_reference,
    "stock_move": on_move,
}


def pay(book: Book, telling: Telling) -> None:
    """Tell what is owed: after a snapshot what it changed, once per SKU and place and not once per move of all time."""
    state, still_owed = book.state, False
    if state.get(RECOUNT):
        _recount_all(book, telling)
        for ids, _, _ in list(book.under("h")):
            state.put(key("!h", *ids), 1)
    telling.speak()
    for ids, name, _ in list(book.under("!h")):
        telling.counted(*ids)
        state.delete(name)
    for ids, name, _ in list(book.under("!p")):
        _introduce(book, ids[0], telling)
        state.delete(name)
    for ids, name, _ in list(book.under("!d")):
        if (sku := book.sku(ids[0])) is not None:
            telling.demand(ids[0], sku)
        state.delete(name)
    for ids, name, _ in list(book.under("!x")):
        is_told = telling.shipped_before(ids[0])
        if is_told:
            state.delete(name)
        still_owed = still_owed or not is_told
    state.delete(RECOUNT)
    if not still_owed:
        state.delete(OWED)


def _recount(book: Book, move: int, telling: Telling) -> None:
    difference = recount(book, move)
    if difference is not None:
        telling.moved(move, difference)


def _recount_all(book: Book, telling: Telling) -> None:
    """Rare (a unit, a place or an order's key changed), and as long as the ERP's history."""
    for ids, _, _ in list(book.under("m")):
        _recount(book, ids[0], telling)


def _release(book: Book, prefix: str, number: int, telling: Telling) -> None:
    for ids, name, _ in list(book.under("w" + prefix, number)):
        book.state.delete(name)
        _recount(book, ids[1], telling)


def _sku_changed(book: Book, product: int, before: str | None, telling: Telling) -> None:
    after = book.sku(product)
    if after == before:
        return
    state = book.state
    places = [place for ids, _, _ in book.under("h", product) if (place := book.place(ids[1])) is not None]
    if before is not None and state.get(sku_key(before)) == product:
        state.delete(sku_key(before))
        for place in places:
            telling.zero(before, place)
        if state.get(key("d", product)):
            telling.no_demand(before)
    if after is not None:
        state.put(sku_key(after), product)
        telling.mapped(product)
        _introduce(book, product, telling)


def _introduce(book: Book, product: int, telling: Telling) -> None:
    """Tell all that is known of a product under its SKU; that there is none of it is worth telling too."""
    if telling.is_quiet:
        book.state.put(key("!p", product), 1)
        return
    sku = book.sku(product)
    if sku is None:
        return
    known = [ids[1] for ids, _, _ in book.under("h", product) if book.place(ids[1]) is not None]
    for location in known:
        telling.counted(product, location)
    if not known and (zones := book.state.get(ZONES)) and (place := book.place(zones[0])) is not None:
        telling.zero(sku, place)
    if book.state.get(key("d", product)):
        telling.demand(product, sku)


def _keep_location(book: Book, change: Change) -> None:
    book.keep(change)
    zones: list[Any] = [
        row["storage_location"] for _, _, (_, row) in book.under("c") if row and row["storage_location"]
    ]
    book.state.put(ZONES, sorted(zones))


def _places(book: Book) -> dict[int, str]:
    found = ((ids[0], book.place(ids[0])) for ids, _, _ in list(book.under("c")))
    return {location: code for location, code in found if code is not None}


TRYTON = Erp(name="tryton", topic=TOPIC, connector="tryton", parse=parse, fold=fold, tables=TABLES)
