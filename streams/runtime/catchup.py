"""Bringing local stores up to the changelog, in bulk, before a lease begins.

Read committed, up to the end of the log as it is for uncommitted readers: a transaction whose outcome is written but
not yet marked in the changelog holds the reader back until its mark is there, and cannot be missed.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from confluent_kafka import Consumer, IsolationLevel, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from streams.runtime.errors import Superseded, Unavailable
from streams.runtime.producer import client
from streams.runtime.settings import Settings
from streams.runtime.store import PartitionStore

log = logging.getLogger(__name__)
EARLIEST: OffsetSpec = OffsetSpec.earliest()  # type: ignore[no-untyped-call]
LATEST: OffsetSpec = OffsetSpec.latest()  # type: ignore[no-untyped-call]
CHUNK = 10_000
STALL = 60.0
TOO_OLD = 12 * 3600.0
"""Deletions are compacted away after a day: a copy that is older might keep rows that are long gone."""


def bounds(admin: AdminClient, tps: list[TopicPartition], spec: OffsetSpec) -> dict[tuple[str, int], int]:
    """First or next offsets, for readers of uncommitted data."""
    asked = {TopicPartition(tp.topic, tp.partition): spec for tp in tps}
    found = admin.list_offsets(asked, isolation_level=IsolationLevel.READ_UNCOMMITTED, request_timeout=10)
    try:
        return {(tp.topic, tp.partition): future.result().offset for tp, future in found.items()}
    except KafkaException as error:
        raise Unavailable(
            f"the broker does not tell the ends of {sorted({tp.topic for tp in tps})}: {error}"
        ) from error


class CatchUp:
    """Reads the changelogs of some partitions into their stores."""

    def __init__(self, settings: Settings, admin: AdminClient, still_wanted: Callable[[], bool]) -> None:
        self._settings, self._admin, self._still_wanted = settings, admin, still_wanted

    def run(self, stores: dict[tuple[str, int], PartitionStore]) -> int:
        """``stores`` by changelog and partition. Returns how many records were read. Raises Superseded, Unavailable."""
        if not stores:
            return 0
        began = time.monotonic()
        tps = [TopicPartition(topic, partition) for topic, partition in stores]
        ends = bounds(self._admin, tps, LATEST)
        starts = {key: self._start(store, ends[key]) for key, store in stores.items()}
        missing = {key for key, end in ends.items() if starts[key] < end}
        if not missing:
            return 0
        count = self._read({key: stores[key] for key in missing}, starts, ends)
        log.info("caught up %d changelog records in %.3f s", count, time.monotonic() - began)
        return count

    @staticmethod
    def _start(store: PartitionStore, end: int) -> int:
        position = store.position()
        if position is None:
            return 0
        offset, at = position
        foreign = offset >= end  # the changelog is not the one that this copy was made from
        if foreign or (offset + 1 < end and time.time() - at > TOO_OLD):
            store.wipe()
            return 0
        return offset + 1

    def _read(
        self,
        stores: dict[tuple[str, int], PartitionStore],
        starts: dict[tuple[str, int], int],
        ends: dict[tuple[str, int], int],
    ) -> int:
        consumer = Consumer(
            client(
                self._settings,
                **{
                    "group.id": "none",  # demanded by the client; nothing is committed
                    "enable.auto.commit": False,
                    "isolation.level": "read_committed",
                    "enable.partition.eof": True,
                    "auto.offset.reset": "earliest",
                    "fetch.wait.max.ms": 10,
                    "fetch.queue.backoff.ms": 2,
                },
            )
        )
        left, count, moved = set(stores), 0, time.monotonic()
        try:
            consumer.assign([TopicPartition(*key, starts[key]) for key in stores])
            while left:
                if not self._still_wanted():
                    raise Superseded("assigned anew while catching up")
                messages = consumer.consume(CHUNK, 0.02)
                if messages:
                    moved = time.monotonic()
                elif time.monotonic() - moved > STALL:
                    raise Unavailable(f"no news of the changelogs {sorted(left)} for {STALL:.0f} s")
                count += self._apply(messages, stores, ends, left)
        finally:
            consumer.close()
        return count

    @staticmethod
    def _apply(
        messages: Sequence[Any],
        stores: dict[tuple[str, int], PartitionStore],
        ends: dict[tuple[str, int], int],
        left: set[tuple[str, int]],
    ) -> int:
        rows: dict[tuple[str, int], list[tuple[bytes, bytes | None]]] = {}
        reached: dict[tuple[str, int], int] = {}
        count = 0
        for message in messages:
            key = (message.topic(), message.partition())
            error = message.error()
            if error is None:
                rows.setdefault(key, []).append((message.key(), message.value()))
                reached[key] = message.offset()
                count += 1
            elif error.code() == KafkaError._PARTITION_EOF:
                reached[key] = message.offset() - 1
            else:
                raise Unavailable(f"changelog {key}: {error}")
        for key, offset in reached.items():
            stores[key].write(rows.get(key, []), offset if offset >= 0 else None)
            if offset + 1 >= ends[key]:
                left.discard(key)
        return count
