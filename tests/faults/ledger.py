"""The unit under test: counts and adds per key, remembers every event in a second table, reports each event once."""

import json
import os
import struct
import threading
from dataclasses import dataclass, field
from pathlib import Path

from streams.runtime import Batch, RecordError, Table, Transaction, Unavailable, Unit
from streams.runtime.settings import Settings

EVENT = struct.Struct(">QI")
ROW = struct.Struct(">IQ")
Row = tuple[int, int]
PARTITIONS = 4
TOTALS: Table[Row] = Table("totals", lambda row: ROW.pack(*row), lambda data: ROW.unpack(data))
EVENTS: Table[bytes] = Table("events", lambda row: row, lambda data: data)
BUG = 0xFFFF_FFFF
"""An amount on which the handler has a bug."""
HUGE = 0xFFFF_FFFE
"""An amount that leads to an output larger than its topic takes."""


def event(number: int, amount: int) -> bytes:
    """An input."""
    return EVENT.pack(number, amount)


def unit(settings: Settings) -> Unit:
    """Two inputs with the same keys; the topics come from the environment."""
    inputs = tuple(os.environ["LEDGER_INPUTS"].split(","))
    output = os.environ["LEDGER_OUTPUT"]
    away, hangs = os.environ.get("LEDGER_AWAY", ""), "LEDGER_HANGS" in os.environ

    def handle(batch: Batch, tx: Transaction) -> None:
        if away and not Path(away).exists():
            raise Unavailable("the test's registry is away")
        if hangs:
            threading.Event().wait(60)
        for record in batch.records:
            if record.value is None:
                raise RecordError("a tombstone", "decode")
            number, amount = EVENT.unpack(record.value)
            count, total = tx.get(TOTALS, record.key) or (0, 0)
            tx.put(TOTALS, record.key, (count + 1, total + amount))
            tx.put(EVENTS, number.to_bytes(8), record.key)
            if amount == BUG:
                raise ZeroDivisionError("a bug in the handler")
            told = {"number": number, "key": record.key.decode(), "count": count + 1, "total": total + amount}
            told |= {"padding": "x" * 1_500_000} if amount == HUGE else {}
            tx.send(output, record.key, json.dumps(told).encode(), None, batch.partition)

    return Unit(os.environ["LEDGER_NAME"], inputs, (TOTALS, EVENTS), PARTITIONS, handle, (output,))


@dataclass
class Reference:
    """What must have come out."""

    totals: dict[bytes, Row] = field(default_factory=dict)
    events: dict[bytes, bytes] = field(default_factory=dict)

    def add(self, key: bytes, number: int, amount: int) -> None:
        """One good event."""
        count, total = self.totals.get(key, (0, 0))
        self.totals[key] = (count + 1, total + amount)
        self.events[number.to_bytes(8)] = key
