"""Agent erp: the ERP's row changes folded into stock commands. The folding itself is the ERP's mapping."""

from collections.abc import Iterator
from typing import Any

import msgspec

from connectors.erp.contract import BadChange, Command, Erp
from connectors.erp.erps import ERPS
from schemas.cloudevents import headers
from schemas.codec import Codec
from schemas.topics import ALERTS, ERP_CHANGES, INVENTORY_COMMANDS
from streams.inventory.ids import derive
from streams.runtime import Batch, RecordError, Table, Transaction, Unit

SOURCE = "skustream/erp"
MIRROR: Table[Any] = Table("mirror", msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder().decode)
"""What the mapping remembers of the ERP: the last row of each move, its products, places and order lines."""


class Mirror:
    """The mapping's memory in the unit's table."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def get(self, key: bytes) -> Any | None:
        """The value, or None."""
        return self._tx.get(MIRROR, key)

    def put(self, key: bytes, value: Any) -> None:
        """Set it."""
        self._tx.put(MIRROR, key, value)

    def delete(self, key: bytes) -> None:
        """Remove it, if it is there."""
        self._tx.delete(MIRROR, key)

    def scan(self, start: bytes, stop: bytes) -> Iterator[tuple[bytes, Any]]:
        """Pairs in key order."""
        return iter(list(self._tx.scan(MIRROR, start, stop)))


def send(codec: Codec, tx: Transaction, command: Command) -> None:
    """Commands by SKU, the clock to every partition, alarms by their subject."""
    body = command.body
    subject = str(body.get("sku") or command.key)
    marks = headers(SOURCE, command.record, body["event_id"], subject, body["occurred_at"])
    data, key = codec.encode(command.record, body), command.key.encode()
    if command.record == "ClockTicked":
        for partition in range(INVENTORY_COMMANDS.partitions):
            tx.send(INVENTORY_COMMANDS.name, key, data, marks, partition)
        return
    topic = ALERTS if command.record == "AlertRaised" else INVENTORY_COMMANDS
    tx.send(topic.name, key, data, marks)


def quarantined(codec: Codec, tx: Transaction, erp: Erp, record: Any, error: BadChange) -> None:
    """A change that must not be guessed at: kept in the dead letters, and somebody is told."""
    tx.dead_letter(record, error.stage, error)
    identity = derive(erp.topic, str(record.partition), str(record.offset))
    alert: dict[str, Any] = {
        "event_id": identity,
        "kind": "erp_drift",
        "subject": erp.name,
        "state": "open",
        "severity": "critical",
        "summary": f"A change of the ERP does not fit its mapping and waits: {error}",
        "action": f"Compare the ERP's table with connectors/erp/{erp.name}/tables, mend the mapping, redrive.",
        "cause_id": f"{erp.topic}/{record.partition}/{record.offset}",
        "occurred_at": record.timestamp,
    }
    marks = headers(SOURCE, "AlertRaised", identity, erp.name, record.timestamp)
    tx.send(ALERTS.name, f"erp_drift:{erp.name}".encode(), codec.encode("AlertRaised", alert), marks)


def unit(codec: Codec, erp: Erp = ERPS[0]) -> Unit:
    """The agent: one unit of work per batch of changes, in the ERP's commit order."""

    def handle(batch: Batch, tx: Transaction) -> None:
        mirror = Mirror(tx)
        for record in batch.records:
            try:
                change = erp.parse(record.value, record.offset)
            except BadChange as error:
                quarantined(codec, tx, erp, record, error)
                continue
            if change is None:
                continue
            try:
                commands = erp.fold(mirror, change)
            except BadChange as error:
                # the fold may have put something already: the runtime undoes the record and sets it aside
                raise RecordError(str(error), error.stage) from error
            for command in commands:
                send(codec, tx, command)

    return Unit(
        name="erp",
        inputs=(erp.topic,),
        tables=(MIRROR,),
        partitions=ERP_CHANGES.partitions,
        handler=handle,
        outputs=(INVENTORY_COMMANDS.name, ALERTS.name),
    )
