"""One transaction: handle the records of a poll, send everything, commit, and only then write RocksDB."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import TopicPartition
from faust.types import TP

from streams.runtime import faultpoints, producer
from streams.runtime.applying import Applier
from streams.runtime.cache import View
from streams.runtime.claims import Claim
from streams.runtime.lease import Lease, Portion
from streams.runtime.metrics import Metrics
from streams.runtime.settings import Settings
from streams.runtime.store import Stores
from streams.runtime.takeover import changelog_of
from streams.runtime.transaction import Output, Transaction
from streams.runtime.unit import Batch, Table, Unit
from streams.runtime.watchdog import Watchdog

COMMIT_TIMEOUT, GRACE = 10.0, 10.0
Views = dict[Table[Any], View]


@dataclass
class Desk:
    """What the attempts of one worker share."""

    group: str
    unit: Unit
    settings: Settings
    stores: Stores
    metrics: Metrics
    watchdog: Watchdog
    applier: Applier
    views: dict[int, Views] = field(default_factory=dict)

    def views_of(self, partition: int) -> Views:
        """The cached tables of a partition, made when first asked for."""
        views = self.views.get(partition)
        if views is None:
            views = self.views[partition] = {
                table: View(table, partition, self.stores.of(table.name, partition), self.settings.cache_rows)
                for table in self.unit.tables
            }
        return views


class Attempt:
    """A transaction on its way. ``run`` either commits all of it, or raises and has changed nothing that lasts."""

    def __init__(self, desk: Desk, lease: Lease) -> None:
        self._desk, self._lease = desk, lease
        self._producer: Any = lease.producer
        self._ends: dict[TP, int] = {}
        self._touched: set[int] = set()
        self._changelog_offsets: dict[View, int] = {}

    def run(self, portions: Iterable[Portion]) -> None:
        """Handle and commit; stops early, with what is done by then, when the lease ends meanwhile."""
        self._producer.begin_transaction()
        began = time.monotonic()
        for portion in portions:
            if not self._handle(portion):
                break
        if not self._ends:
            self._producer.abort_transaction(10.0)
            return
        handled = time.monotonic()
        self._commit()
        committed = time.monotonic()
        self._store()
        metrics = self._desk.metrics
        metrics.handler_seconds += handled - began
        metrics.commit_seconds += committed - handled
        metrics.store_seconds += time.monotonic() - committed
        metrics.transactions += 1

    def _handle(self, portion: Portion) -> bool:
        desk, tp = self._desk, portion.tp
        self._touched.add(tp.partition)
        tx = Transaction(tp.partition, desk.views_of(tp.partition), desk.settings.app_version)
        tally, step = self._lease.tallies[tp], desk.settings.slice_records
        for at in range(0, len(portion.records), step):
            if not self._lease.alive:
                return False
            desk.watchdog.expect("a handler")
            records = portion.records[at : at + step]
            failed = tally.failed
            self._send(desk.applier.apply(Batch(tp.topic, tp.partition, records), tx, tally))
            self._ends[tp] = records[-1].offset + 1
            desk.metrics.records += len(records)
            desk.metrics.dead_letters += max(0, tally.failed - failed)
        self._ends[tp] = portion.end
        desk.watchdog.done("a handler")
        return True

    def _send(self, outputs: list[Output]) -> None:
        produce = self._producer.produce
        for topic, key, value, headers, partition in outputs:
            try:
                if headers is None:
                    produce(topic, value, key, partition)
                else:
                    produce(topic, value, key, partition, headers=list(headers))
            except BufferError:
                self._send_when_there_is_room(topic, value, key, partition, headers)
        self._desk.metrics.outputs += len(outputs)

    def _send_when_there_is_room(self, *message: Any) -> None:
        topic, value, key, partition, headers = message
        while True:
            self._producer.poll(0.05)
            self._desk.watchdog.expect("room in the producer's queue", self._desk.settings.transaction_timeout)
            try:
                self._producer.produce(topic, value, key, partition, headers=list(headers))
            except BufferError:
                continue
            self._desk.watchdog.done("room in the producer's queue")
            return

    def _commit(self) -> None:
        self._point("handled")
        lease, settings, watchdog = self._lease, self._desk.settings, self._desk.watchdog
        watchdog.done("a handler")
        # librdkafka has been seen to wait for ever after a broker was killed, whatever timeout it was given
        watchdog.expect("a commit", COMMIT_TIMEOUT + GRACE)
        self._changes = [(view, view.encoded()) for view in self._changed_views()]
        for view, rows in self._changes:
            self._send_changelog(view, rows)
        self._point("produced")
        version = settings.app_version
        offsets = [
            TopicPartition(*tp, end, Claim(lease.owner, version, lease.tallies[tp]).encode())
            for tp, end in self._ends.items()
        ]
        deadline = time.monotonic() + COMMIT_TIMEOUT
        self._producer.send_offsets_to_transaction(offsets, lease.membership.as_bytes(), COMMIT_TIMEOUT)
        self._point("before-commit")
        producer.commit(self._producer, deadline)
        watchdog.done("a commit")
        self._point("after-commit")

    def _changed_views(self) -> list[View]:
        return [view for part in self._touched for view in self._desk.views_of(part).values() if view.changed]

    def _send_changelog(self, view: View, rows: list[tuple[bytes, bytes | None]]) -> None:
        topic, partition = changelog_of(self._desk.group, view.table.name), view.partition
        self._send([(topic, key, row, None, partition) for key, row in rows[:-1]])
        key, row = rows[-1]
        self._producer.produce(topic, row, key, partition, on_delivery=self._delivered(view))
        self._desk.metrics.changelog_records += len(rows)

    def _delivered(self, view: View) -> Callable[[Any, Any], None]:
        def remember(error: Any, message: Any) -> None:
            if error is None:
                self._changelog_offsets[view] = message.offset()

        return remember

    def _store(self) -> None:
        """The commit stands: whatever fails from here on is mended by the next lease from the changelog."""
        self._lease.committed.update(self._ends)
        for view, rows in self._changes:
            view.store.write(rows, self._changelog_offsets.get(view))
            view.committed()
        self._point("stored")

    def _point(self, name: str) -> None:
        if faultpoints.hook is not None:
            faultpoints.hook(name, self)
