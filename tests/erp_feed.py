"""Recorded and hand-made changes of an ERP, a state in memory, and the world as the commands tell it."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.erp.contract import Command
from connectors.erp.tryton.changes import parse
from connectors.erp.tryton.mapping import fold

FIXTURES = Path(__file__).parent / "fixtures" / "erp"
Recorded = tuple[int, bytes]


def recorded() -> list[Recorded]:
    """(offset, value) of every recorded change."""
    lines = (FIXTURES / "tryton-changes.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    return [(one["offset"], json.dumps(one["value"]).encode()) for one in found]


def expected() -> Any:
    """What Tryton itself said after the recorded changes."""
    return json.loads((FIXTURES / "tryton-expected.json").read_text())


class MemoryState:
    """A key-value table whose values survive only as JSON, as in a real store."""

    def __init__(self) -> None:
        self.rows: dict[bytes, str] = {}

    def get(self, key: bytes) -> Any | None:
        found = self.rows.get(key)
        return None if found is None else json.loads(found)

    def put(self, key: bytes, value: Any) -> None:
        self.rows[key] = json.dumps(value)

    def delete(self, key: bytes) -> None:
        self.rows.pop(key, None)

    def scan(self, start: bytes, stop: bytes) -> Iterator[tuple[bytes, Any]]:
        keys = sorted([key for key in self.rows if start <= key < stop])
        return iter([(key, json.loads(self.rows[key])) for key in keys])


@dataclass
class World:
    """Absolute figures by highest position, as the stock table keeps them."""

    on_hand: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    demand: dict[str, tuple[int, int]] = field(default_factory=dict)
    shipped: dict[tuple[str, str, str], int] = field(default_factory=dict)
    alerts: dict[str, str] = field(default_factory=dict)
    ticks: int = 0

    def take(self, commands: Iterable[Command]) -> None:
        for command in commands:
            self._one(command.record, command.body)

    def _one(self, record: str, body: dict[str, Any]) -> None:
        if record == "ClockTicked":
            self.ticks += 1
        elif record == "AlertRaised":
            self.alerts[body["subject"]] = body["state"]
        elif record == "DemandCounted":
            self.demand[body["sku"]] = max(self.demand.get(body["sku"], (-1, 0)), (body["position"], body["quantity"]))
        else:
            place = body["sku"], body["location"]
            if self.on_hand.get(place, (-1, 0))[0] < body["position"]:
                self.on_hand[place] = body["position"], body["on_hand"]
            if record == "ReservationFulfilled":
                line = body["order_key"], body["line_id"], body["sku"]
                self.shipped[line] = max(self.shipped.get(line, 0), body["quantity"])

    @property
    def stock(self) -> dict[tuple[str, str], int]:
        """What is not zero."""
        return {place: units for place, (_, units) in sorted(self.on_hand.items()) if units}

    @property
    def promised(self) -> dict[str, int]:
        """Demand that is not ours and not zero."""
        return {sku: units for sku, (_, units) in sorted(self.demand.items()) if units}


class Feed:
    """An ERP in a few rows: builds change records with rising positions and folds them."""

    def __init__(self) -> None:
        self.state = MemoryState()
        self.world = World()
        self.offset = 0
        self.sent: list[Recorded] = []
        self.commands: list[Command] = []

    def play(self, changes: Iterable[Recorded]) -> None:
        """Fold recorded changes."""
        for offset, value in changes:
            change = parse(value, offset)
            self.commands = fold(self.state, change) if change else []
            self.world.take(self.commands)

    def change(self, table: str, row: dict[str, Any], op: str = "u", snapshot: str = "false") -> list[Command]:
        """One change; the commands that it led to."""
        self.offset += 1
        value = envelope(table, row, op, self.offset, snapshot)
        self.sent.append((self.offset, value))
        self.play([self.sent[-1]])
        return self.commands


def envelope(table: str, row: dict[str, Any], op: str, lsn: int, snapshot: str = "false") -> bytes:
    """A change record as Debezium writes it."""
    source = {"table": table, "snapshot": snapshot, "ts_ms": 1_700_000_000_000 + lsn, "sequence": f'["{lsn}","{lsn}"]'}
    before, after = (row, None) if op == "d" else (None, row)
    return json.dumps({"before": before, "after": after, "source": source, "op": op, "ts_ms": 0}).encode()


def a_shop_with_one_product(feed: Feed, code: str | None = "TEA") -> None:
    """Warehouse 5 with zone 3 and bin 9 (A1) and 10 (A2), supplier 6, customer 7, lost 4; product 1."""
    place = {"code": None, "parent": None, "storage_location": None}
    feed.change("product_uom", {"id": 1, "factor": 1.0, "rate": 1.0}, "c")
    feed.change("stock_location", {"id": 5, **place, "type": "warehouse", "storage_location": 3}, "c")
    feed.change("stock_location", {"id": 3, **place, "type": "storage", "code": "STO", "parent": 5}, "c")
    for number, bin_code in ((9, "A1"), (10, "A2")):
        feed.change("stock_location", {"id": number, **place, "type": "storage", "code": bin_code, "parent": 3}, "c")
    for number, kind in ((4, "lost_found"), (6, "supplier"), (7, "customer")):
        feed.change("stock_location", {"id": number, **place, "type": kind}, "c")
    feed.change("product_template", {"id": 1, "active": True, "default_uom": 1, "sale_uom": 1}, "c")
    feed.change("product_product", {"id": 1, "template": 1, "code": code, "active": True}, "c")


def a_move(number: int, source: int, target: int, units: float, state: str = "done", **more: Any) -> dict[str, Any]:
    """A row of stock_move."""
    row = {"id": number, "product": 1, "from_location": source, "to_location": target}
    return {**row, "internal_quantity": units, "state": state, "origin": None, **more}
