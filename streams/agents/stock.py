"""Agent stock: the one writer of the per-SKU table. Commands in; ledger, levels and reservation events out."""

import struct
from typing import Any

from schemas.cloudevents import Headers, headers, kind, occasion
from schemas.codec import Codec
from schemas.topics import INVENTORY_COMMANDS, INVENTORY_RESERVATIONS, MOVEMENTS, ORDER_LINES, STOCK
from schemas.wire import StockMovement
from streams.agents.alarms import unmapped
from streams.agents.records import decoded
from streams.agents.state import rows_of
from streams.inventory.decide import DECIDERS, OF_A_LINE, unpark
from streams.inventory.evolve import evolve_reservation, evolve_row
from streams.inventory.ids import derive
from streams.inventory.outputs import level, reservation_event
from streams.inventory.rows import EMPTY_ROW, NEW_RESERVATION, Reservation, StockRow
from streams.runtime import Batch, Table, Transaction, Unit

SOURCE = "skustream/stock"
MOVEMENT = kind(SOURCE, "StockMovement")
ROWS = Table("rows", *rows_of(StockRow))
RESERVATIONS = Table("reservations", *rows_of(Reservation))
EXPIRIES = Table("expiries", *rows_of(int))
"""Key: deadline and line. What is due is a range at the front, so a sweep costs what it finds."""
DEADLINE = struct.Struct(">q")
PATIENCE_MS = 3_000
"""How long order lines of a SKU that is new in the ERP wait for its first stock."""


class Work:
    """One batch of commands against one partition's rows."""

    def __init__(self, codec: Codec, tx: Transaction) -> None:
        self.codec, self.tx = codec, tx
        self.encode_movement = codec.encoder("StockMovement")
        self.last: dict[str, tuple[StockRow, StockMovement]] = {}

    def apply(self, name: str, command: Any) -> None:
        """One command: decide, evolve, tell."""
        if name == "ClockTicked":
            self.sweep(command)
            return
        tx, sku = self.tx, command["sku"]
        key = sku.encode()
        row = tx.get(ROWS, key) or EMPTY_ROW
        if name in OF_A_LINE:
            line = line_bytes(sku, command["order_key"], command["line_id"])
            reservation = tx.get(RESERVATIONS, line) or NEW_RESERVATION
            movement = DECIDERS[name](row, reservation, command)
            if movement is None:
                return
            row = self.change_line(row, line, reservation, movement)
        else:
            movement = DECIDERS[name](row, NEW_RESERVATION, command)
            if movement is None:
                return
            row = self.change_row(row, key, movement)
        if row.parked and row.is_known:
            self.unpark_soon(row, command)

    def change_row(self, row: StockRow, key: bytes, movement: StockMovement) -> StockRow:
        """Put the row after a movement, and the movement into the ledger."""
        after = evolve_row(row, movement)
        sku = movement["sku"]
        self.tx.put(ROWS, key, after)
        self.last[sku] = (after, movement)
        self.occasion = occasion(movement["event_id"], sku, movement["occurred_at"])
        self.tx.send(MOVEMENTS.name, key, self.encode_movement(movement), [*MOVEMENT, *self.occasion])
        return after

    def change_line(self, row: StockRow, line: bytes, before: Reservation, movement: StockMovement) -> StockRow:
        """The same for an order line: its reservation, its deadline, and what becomes of it."""
        key, had_parked = line.partition(b"\0")[0], bool(row.parked)
        row = self.change_row(row, key, movement)
        after = evolve_reservation(before, movement)
        self.tx.put(RESERVATIONS, line, after)
        self.move_deadline(line, before, after)
        event = reservation_event(movement, after)
        if event is not None:
            name, value = event
            data = self.codec.encode(name, value)
            marks: Headers = [*kind(SOURCE, name), *self.occasion]
            self.tx.send(INVENTORY_RESERVATIONS.name, key, data, marks)
            self.tx.send(ORDER_LINES.name, movement["order_key"].encode(), data, marks)
        if bool(row.parked) != had_parked:
            unmapped(self.codec, self.tx, movement, "open" if row.parked else "closed")
        return row

    def move_deadline(self, line: bytes, before: Reservation, after: Reservation) -> None:
        """Keep the index of deadlines: an entry for each hold that can still expire."""
        old = before.expires_at if before.is_open and not before.is_firm else -1
        new = after.expires_at if after.is_open and not after.is_firm else -1
        if old == new:
            return
        if old >= 0:
            self.tx.delete(EXPIRIES, DEADLINE.pack(old) + line)
        if new >= 0:
            self.tx.put(EXPIRIES, DEADLINE.pack(new) + line, new)

    def sweep(self, tick: Any) -> None:
        """End the holds whose time has come, by the clock in the log and by no other."""
        until = DEADLINE.pack(tick["occurred_at"] + 1)
        for entry, _ in list(self.tx.scan(EXPIRIES, b"", until)):
            line = entry[DEADLINE.size :].decode()
            sku, order_key, line_id = line.split("\0")
            cause = {"event_id": derive(tick["event_id"], line), "sku": sku, "occurred_at": tick["occurred_at"]}
            if order_key:
                self.apply("ReservationExpired", {**cause, "order_key": order_key, "line_id": line_id})
                continue
            self.tx.delete(EXPIRIES, entry)
            row = self.tx.get(ROWS, sku.encode()) or EMPTY_ROW
            if row.parked:
                self.unpark(row, cause)

    def unpark_soon(self, row: StockRow, cause: Any) -> None:
        """At once if there is stock. An ERP tells of a product before it tells of its stock, so nothing there yet is
        no reason to turn orders down: the clock decides after a moment's patience."""
        if row.on_hand > 0:
            self.unpark(row, cause)
        else:
            until = cause["occurred_at"] + PATIENCE_MS
            self.tx.put(EXPIRIES, DEADLINE.pack(until) + line_bytes(cause["sku"], "", ""), until)

    def unpark(self, row: StockRow, cause: Any) -> None:
        """The SKU is known now: decide the lines that waited for it, the first first."""
        lines = [(key, f"{cause['sku']}\0{key}".encode()) for key in row.parked]
        parked = [(key, line, self.tx.get(RESERVATIONS, line) or NEW_RESERVATION) for key, line in lines]
        waiting = sum(reservation.held for _, _, reservation in parked)
        for key, line, reservation in parked:
            movement = unpark(row, key, reservation, cause, waiting)
            row = self.change_line(row, line, reservation, movement)
            waiting -= reservation.held

    def tell_levels(self) -> None:
        """The last level of each SKU that changed: who reads a level wants the newest, not each step."""
        encode = self.codec.encoder("StockLevel")
        for sku, (row, movement) in self.last.items():
            marks = headers(SOURCE, "StockLevel", movement["event_id"], sku, movement["occurred_at"])
            self.tx.send(STOCK.name, sku.encode(), encode(level(row, movement)), marks)


def line_bytes(sku: str, order_key: str, line_id: str) -> bytes:
    """The key of an order line in the reservations table."""
    return f"{sku}\0{order_key}\0{line_id}".encode()


def unit(codec: Codec) -> Unit:
    """The agent: one unit of work per batch of commands."""

    def handle(batch: Batch, tx: Transaction) -> None:
        work = Work(codec, tx)
        for name, command in decoded(codec, batch, tx):
            work.apply(name, command)
        work.tell_levels()

    return Unit(
        name="stock",
        inputs=(INVENTORY_COMMANDS.name,),
        tables=(ROWS, RESERVATIONS, EXPIRIES),
        partitions=INVENTORY_COMMANDS.partitions,
        handler=handle,
    )
