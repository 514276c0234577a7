"""The unit of work: takes leases and polls one at a time, in one thread, and decides what a failure means."""

import logging
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from confluent_kafka import KafkaException
from faust.types import TP

from schemas.codec import SchemaUnavailable
from streams.runtime import producer
from streams.runtime.applying import Applier, place
from streams.runtime.attempt import Attempt, Desk
from streams.runtime.deadletters import Limit
from streams.runtime.errors import Exit, Fenced, StateDamaged, Stop, Superseded, Unavailable, Unpublishable
from streams.runtime.lease import Lease, Poll, Portion
from streams.runtime.membership import Membership
from streams.runtime.metrics import Metrics
from streams.runtime.settings import Settings
from streams.runtime.store import Stores
from streams.runtime.takeover import Takeover
from streams.runtime.unit import Unit
from streams.runtime.watchdog import Watchdog

log = logging.getLogger(__name__)
LONGEST_PAUSE = 2.0
End = Callable[[Exit, str], None]


class UnitOfWork:
    """``take_over`` and ``run`` are called by one thread only, so there is nothing to lock but the end of a lease."""

    def __init__(self, group: str, unit: Unit, settings: Settings, end: End) -> None:
        self.metrics = Metrics()
        self.watchdog = Watchdog(settings.session_timeout / 3, end)
        self.stores = Stores(settings.state / unit.name / "tables")
        self._unit, self._settings, self._end = unit, settings, end
        self._applier = Applier(unit.handler, Limit(settings.dead_streak, settings.dead_ratio))
        self._desk = Desk(group, unit, settings, self.stores, self.metrics, self.watchdog, self._applier)
        self._takeover = Takeover(group, unit, settings, self.stores, self.metrics)
        self.inputs = unit.inputs
        self.pace, self.poll_records = settings.pace, settings.poll_records
        self.ahead = 2 * settings.poll_records * unit.partitions * len(unit.inputs)
        self._lease: Lease | None = None
        self._tries = 0
        self._narrow = 0
        self.hurry = threading.Event()
        """Set when the group rebalances: a pause after a failure ends at once."""

    def take_over(self, tps: Sequence[TP], membership: Membership, wanted: Callable[[], bool]) -> Lease | None:
        """A lease with empty caches, or None if it was not to be had this time. Pauses after a failure."""
        self._desk.views.clear()
        if self._lease is not None:
            self._lease.producer = None  # closing a client can take a while: here, not in the event loop
        self._lease = None
        try:
            self._lease = self._takeover.run(tps, membership, wanted)
            return self._lease
        except Exception as error:  # noqa: BLE001 - judged one by one in _failed
            self._failed(error, "taking over")
            return None

    def run(self, poll: Poll) -> None:
        """Commit the poll, or leave everything as it was and the lease ended."""
        lease = poll.lease
        self.watchdog.done("a hand-over")
        if not lease.alive:
            self.metrics.dropped_polls += 1
            return
        portions = self._cut(poll)
        try:
            self._check(lease, portions)
            Attempt(self._desk, lease).run(portions)
        except Exception as error:  # noqa: BLE001 - judged one by one in _failed
            lease.alive = False
            self.watchdog.done("a handler")
            producer.abort(lease.producer)
            self.watchdog.done("a commit")
            self.metrics.aborted += 1
            self._refuse(error, portions)
            self._failed(error, ", ".join(f"{p.tp.topic}/{p.tp.partition}@{p.start}" for p in portions))
        else:
            self.metrics.polls += 1
            self._tries = 0
            self._widen(lease, poll)

    @staticmethod
    def _check(lease: Lease, portions: list[Portion]) -> None:
        for portion in portions:
            if portion.start != lease.committed[portion.tp]:
                raise Superseded(f"{portion.tp} starts at {portion.start}, committed is {lease.committed[portion.tp]}")

    def _cut(self, poll: Poll) -> list[Portion]:
        """Less than the whole poll while a record is sought that the broker refuses."""
        if not self._narrow:
            return poll.portions
        for portion in poll.portions:
            if portion.records:
                records = portion.records[: self._narrow]
                return [replace(portion, records=records, end=records[-1].offset + 1)]
        return poll.portions

    def _refuse(self, error: Exception, portions: list[Portion]) -> None:
        if not isinstance(_meaning(error), Unpublishable):
            return
        records = [record for portion in portions for record in portion.records]
        if len(records) == 1:
            if place(records[0]) in self._applier.refused:
                self._end(Exit.STUCK, f"not even the dead letter of {place(records[0])} is accepted: {error}")
            self._applier.refused[place(records[0])] = f"the broker refuses what it leads to: {error}"
        self._narrow = max(1, len(records) // 2)

    def _widen(self, lease: Lease, poll: Poll) -> None:
        if self._narrow:
            self._narrow = 0 if self._narrow >= poll.size() else self._narrow * 2
            lease.rewind = True
            self._applier.refused.clear()

    def _failed(self, error: Exception, where: str) -> None:
        error = _meaning(error)
        if isinstance(error, Stop):
            self._end(error.code, str(error))
        elif isinstance(error, Fenced):
            self._end(Exit.FENCED, f"{where}: another process owns these partitions now: {error}")
        elif isinstance(error, Superseded):
            log.info("%s: the group moved on: %s", where, error)
            self.hurry.wait(0.05)
        elif isinstance(error, Unpublishable):
            log.warning("%s: %s; looking for the record in smaller transactions", where, error)
        else:
            self._retry(error, where)

    def _retry(self, error: Exception, where: str) -> None:
        self._tries += 1
        away = isinstance(error, Unavailable)
        log.warning("%s: attempt %d failed: %r", where, self._tries, error, exc_info=None if away else error)
        if isinstance(error, StateDamaged):
            self.stores.of(error.table, error.partition).wipe()
        if self._tries >= self._settings.tries:
            code = Exit.UNAVAILABLE if away else Exit.STUCK
            self._end(code, f"{where}: failed {self._tries} times in a row, at last with {error!r}")
        pause = min(LONGEST_PAUSE, 0.01 * 2.0 ** min(self._tries, 10))
        self.hurry.wait(pause * random.uniform(0.5, 1.0))


def _meaning(error: Exception) -> Exception:
    if isinstance(error, KafkaException):
        return producer.meaning(error)
    return Unavailable(str(error)) if isinstance(error, SchemaUnavailable) else error
