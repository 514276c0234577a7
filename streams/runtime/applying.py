"""Giving records to the handler, and finding the one that is at fault when it fails."""

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from schemas.codec import SchemaUnavailable, UndecodableRecord
from streams.runtime.claims import Tally
from streams.runtime.deadletters import Failure, Limit
from streams.runtime.errors import RecordError, StateDamaged, Stop, Superseded, Unavailable
from streams.runtime.transaction import Output, Transaction
from streams.runtime.unit import Batch, Handler

NOT_THE_RECORD = (Unavailable, SchemaUnavailable, StateDamaged, Stop, Superseded, MemoryError)
Place = tuple[str, int, int]


def stage_of(error: Exception) -> str:
    """Where in its way the record failed, as far as the error tells."""
    if isinstance(error, RecordError):
        return error.stage
    if isinstance(error, UndecodableRecord):
        return "decode"
    return "validate" if isinstance(error, ValidationError) else "apply"


class Applier:
    """Runs a handler over slices of a batch; a slice that fails is undone and halved until one record is left."""

    def __init__(self, handler: Handler, limit: Limit) -> None:
        self._handler, self._limit = handler, limit
        self.refused: dict[Place, str] = {}
        """Records whose effects the broker does not take, with its words; they are dead-lettered unhandled."""

    def apply(self, batch: Batch, tx: Transaction, tally: Tally) -> list[Output]:
        """The outputs of these records in order. Raises what is not a record's fault, and Stop when too many fail."""
        if self.refused and len(batch.records) > 1 and any(place(r) in self.refused for r in batch.records):
            return self._halves(batch, tx, tally)
        try:
            self._handle(batch, tx)
        except NOT_THE_RECORD:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is told with the record
            tx.rollback()
            if len(batch.records) > 1:
                return self._halves(batch, tx, tally)
            tx.dead_letter(batch.records[0], stage_of(error), error)
        self._count(batch, tx, tally)
        return tx.take_outputs()

    def _handle(self, batch: Batch, tx: Transaction) -> None:
        why = self.refused.get(place(batch.records[0])) if self.refused else None
        if why is None:
            self._handler(batch, tx)
        else:
            tx.dead_letter(batch.records[0], "publish", why)

    def _halves(self, batch: Batch, tx: Transaction, tally: Tally) -> list[Output]:
        middle = len(batch.records) // 2
        parts: Sequence[Sequence[Any]] = (batch.records[:middle], batch.records[middle:])
        outputs: list[Output] = []
        for records in parts:
            outputs += self.apply(Batch(batch.topic, batch.partition, records), tx, tally)
        return outputs

    def _count(self, batch: Batch, tx: Transaction, tally: Tally) -> None:
        if not tx.failures:
            tally.good(len(batch.records))
            return
        last: Failure | None = None
        for record in batch.records:
            failure = tx.failures.get((record.topic, record.offset))
            if failure is None:
                tally.good()
            else:
                last = failure
                tally.bad()
                self._limit.check(tally, f"{batch.topic}/{batch.partition}", last)


def place(record: Any) -> Place:
    """Where a record is."""
    return (record.topic, record.partition, record.offset)
