"""From differences of the sums to commands; during a snapshot only what is to be told at its end is noted."""

from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from connectors.erp.contract import Change, Command
from connectors.erp.tryton.book import OWED, ZONES, Book, key
from connectors.erp.tryton.moves import Effect

SOURCE = "erp.tryton"
TOPIC = "erp.tryton.changes.v1"
_NAMESPACE: UUID = uuid5(NAMESPACE_URL, TOPIC)


class Telling:
    """The commands that one change leads to."""

    def __init__(self, book: Book, change: Change) -> None:
        self.commands: list[Command] = []
        self._book = book
        self._change = change
        self.is_quiet = change.is_snapshot

    def settled(self) -> list[Command]:
        """One figure per SKU and place: all commands of a change have the same position, so only the first would count.

        What one change says of a place more than once is told as a count, or by the shipments alone.
        """
        last: dict[tuple[str, str], int] = {}
        told: dict[tuple[str, str], int] = {}
        for index, command in enumerate(self.commands):
            if (fact := _fact(command)) is not None:
                last[fact] = index
                told[fact] = told.get(fact, 0) + 1
        if all(times == 1 for times in told.values()):
            return self.commands
        shipped = {_fact(command) for command in self.commands if command.record == "ReservationFulfilled"}
        return [
            self._again(command, self.commands[last[fact]], told[fact] > 1) if fact in last else command
            for index, command in enumerate(self.commands)
            if (fact := _fact(command)) is None
            or command.record == "ReservationFulfilled"
            or (last[fact] == index and fact not in shipped)
        ]

    def tick(self) -> None:
        """Time passed in the ERP."""
        self._tell("ClockTicked", SOURCE, {"source": SOURCE})

    def moved(self, move: int, difference: Effect) -> None:
        """A move came, changed or went."""
        if self.is_quiet:
            self._note(difference)
            return
        book, product = self._book, difference.product
        sku = book.sku(product)
        ours = book.our_line(difference.line) if difference.line and difference.shipped > 0 else None
        for location, units in sorted(difference.hand.items()):
            place = book.place(location)
            if place is None:
                continue
            if ours:
                self._fulfilled(ours, difference, location, place)
            if sku is not None and (ours is None or ours[2] != sku):
                body = {"quantity": units, "reason": difference.reason, "reference": f"stock.move,{move}"}
                self._at(sku, "StockMoved", place, book.on_hand(product, location), body)
        if ours and not any(self._book.place(location) for location in difference.hand):
            # it left from a place that is not ours to sell from; its reservation must end all the same
            book.state.put(key("!x", difference.line), 1)
            book.state.put(OWED, 1)
        if difference.demand and sku is not None:
            self.demand(product, sku)
        if sku is None:
            self._unmapped(product)

    def counted(self, product: int, location: int) -> None:
        """What is at a location, whatever led to it."""
        sku, place = self._book.sku(product), self._book.place(location)
        if self.is_quiet:
            self._book.state.put(key("!h", product, location), 1)
        elif sku is not None and place is not None:
            self._at(sku, "StockCounted", place, self._book.on_hand(product, location), {})

    def zero(self, sku: str, place: str) -> None:
        """Nothing is there under this SKU any more, or there is no such place any more."""
        if not self.is_quiet:
            self._at(sku, "StockCounted", place, 0, {})

    def demand(self, product: int, sku: str) -> None:
        """What is promised to others than us."""
        units = self._book.state.get(key("d", product)) or 0
        self._tell("DemandCounted", sku, {"sku": sku, "quantity": max(0, units), **self._place_in_time()})

    def no_demand(self, sku: str) -> None:
        """Nothing is promised under this SKU any more."""
        self._tell("DemandCounted", sku, {"sku": sku, "quantity": 0, **self._place_in_time()})

    def shipped_before(self, line: int) -> bool:
        """A line whose shipment was not told with the stock that left: its reservation must end all the same.

        The place is one that is known, with what is there now. False when there is none yet.
        """
        book = self._book
        ours, units = book.our_line(line), book.state.get(key("x", line)) or 0
        if ours is None or units <= 0:
            return True
        product = book.state.get(sku_key(ours[2]))
        stocked = [ids[1] for ids, _, _ in book.under("h", product)] if product else []
        for location in [*stocked, *(book.state.get(ZONES) or [])]:
            if place := book.place(location):
                body = {"order_key": ours[0], "line_id": ours[1], "quantity": units, **_UNTOLD}
                self._at(ours[2], "ReservationFulfilled", place, book.on_hand(product, location), body)
                return True
        return False

    def mapped(self, product: int) -> None:
        """The product has a SKU now."""
        if self._book.state.get(key("a", product)):
            self._book.state.delete(key("a", product))
            self._alert(product, "closed", "")

    def speak(self) -> None:
        """The snapshot is over."""
        self.is_quiet = False

    def _note(self, difference: Effect) -> None:
        state = self._book.state
        for location in difference.hand:
            state.put(key("!h", difference.product, location), 1)
        if difference.demand:
            state.put(key("!d", difference.product), 1)
        if difference.shipped:
            state.put(key("!x", difference.line), 1)

    def _fulfilled(self, ours: tuple[str, str, str], difference: Effect, location: int, place: str) -> None:
        order_key, line_id, sold = ours
        product = self._book.state.get(sku_key(sold))
        units: int = self._book.state.get(key("x", difference.line)) or 0
        body = {"order_key": order_key, "line_id": line_id, "quantity": max(0, units), **_UNTOLD}
        self._at(sold, "ReservationFulfilled", place, self._book.on_hand(product, location), body)

    def _unmapped(self, product: int) -> None:
        """Kept, and told when its SKU comes; once an alarm, and none for a product that was put out of use."""
        row = self._book.row("p", product)
        if row is None or row["code"] or self._book.state.get(key("a", product)):
            return
        self._book.state.put(key("a", product), 1)
        self._alert(product, "open", f"Product {product} of the ERP has stock moves but no code.")

    def _alert(self, product: int, state: str, summary: str) -> None:
        body = {
            "kind": "erp_product_without_sku",
            "subject": f"{SOURCE}:product:{product}",
            "state": state,
            "severity": "warning",
            "summary": summary or f"Product {product} of the ERP has a code now; its stock is counted.",
            "action": "Give the product a code in the ERP; its stock is then counted by itself.",
            "cause_id": f"{TOPIC}:{self._change.offset}",
        }
        self._tell("AlertRaised", body["subject"], body)

    def _again(self, command: Command, final: Command, is_repeated: bool) -> Command:
        if command.record == "ReservationFulfilled":
            return Command(command.record, command.key, {**command.body, "on_hand": final.body["on_hand"]})
        if command.record == "StockMoved" and is_repeated:
            body = {name: value for name, value in command.body.items() if name not in _MOVE_ONLY}
            return Command("StockCounted", command.key, body)
        return command

    def _at(self, sku: str, record: str, place: str, on_hand: int, more: dict[str, Any]) -> None:
        self._tell(record, sku, {"sku": sku, "location": place, "on_hand": on_hand, **self._place_in_time(), **more})

    def _place_in_time(self) -> dict[str, Any]:
        return {"position": self._change.offset, "source": SOURCE}

    def _tell(self, record: str, name: str, body: dict[str, Any]) -> None:
        told = uuid5(_NAMESPACE, f"{self._change.offset}:{len(self.commands)}")
        whole = {"event_id": str(told), "occurred_at": self._change.occurred_at, **body}
        self.commands.append(Command(record, name, whole))


_MOVE_ONLY = frozenset({"quantity", "reason", "reference"})
_UNTOLD = {"is_complete": False, "version": 0, "cause_id": ""}
"""Fields of ReservationFulfilled that only the stock table fills in."""


def sku_key(sku: str) -> bytes:
    """Where the product is kept that bears a SKU now."""
    return b"k/" + sku.encode()


def _fact(command: Command) -> tuple[str, str] | None:
    """What a command gives a figure for: a SKU at a place, or its demand."""
    if command.record == "DemandCounted":
        return command.key, ""
    return (command.key, command.body["location"]) if "location" in command.body else None
