"""One pass over Kafka that feeds all viewers: a consumer without commits in a thread, folding into the store."""

import threading
import uuid
from dataclasses import dataclass, field
from typing import Any

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from infra.console.fold import Batch, fold, gone
from infra.console.pulse import Pulse
from infra.console.store import Store
from schemas.codec import Codec, SchemaUnavailable, UndecodableRecord
from schemas.topics import (
    ALERTS,
    DELIVERIES,
    INVENTORY_RESERVATIONS,
    LISTINGS,
    ORDER_DECISIONS,
    ORDERS,
    PUSHES,
    STOCK,
    Topic,
)

WHOLE = (STOCK, ALERTS)
"""Read from the beginning: the picture needs all of it."""
RECENT = (INVENTORY_RESERVATIONS, ORDERS, ORDER_DECISIONS, DELIVERIES, PUSHES, LISTINGS)
"""Read from the last RECENT_RECORDS of each partition."""
FOLLOWED: tuple[Topic, ...] = (*WHOLE, *RECENT)
RECENT_RECORDS = 1_000
BATCH = 500
TIMEOUT = 3.0
RETRY_SECONDS = 1.0


@dataclass
class FeedState:
    """What the page says of the feed itself."""

    is_connected: bool = False
    is_caught_up: bool = False
    problem: str = "not connected to Kafka yet"
    records: int = 0
    unreadable: int = 0
    missing: list[str] = field(default_factory=list)
    """Topics that do not exist yet."""


class Feed:
    """The thread. `start` and `stop` it once; everything it learns is in the store, the pulse and `state`."""

    def __init__(self, brokers: str, codec: Codec, store: Store, pulse: Pulse) -> None:
        self._codec, self._store, self._pulse = codec, store, pulse
        self._consumer = Consumer(
            {
                "bootstrap.servers": brokers,
                "group.id": f"skustream-console-{uuid.uuid4()}",  # the client wants one; nothing is ever committed
                "client.id": "skustream-console",
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "enable.partition.eof": True,
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 5_000,
                "fetch.max.bytes": 1_048_576,
                "max.partition.fetch.bytes": 262_144,
                "queued.max.messages.kbytes": 1_024,
                "statistics.interval.ms": 0,
                "error_cb": self._on_error,
                "logger": _QUIET,
            }
        )
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)
        self._behind: set[tuple[str, int]] = set()
        self._assigned: set[tuple[str, int]] = set()
        self.state = FeedState()
        self._log = structlog.get_logger()

    @property
    def is_alive(self) -> bool:
        """Whether the thread still runs; it never ends by itself but by a defect."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and close the consumer."""
        self._stop.set()
        self._thread.join(3 * TIMEOUT)

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                try:
                    self._follow()
                except KafkaException as error:
                    self._lose(str(error.args[0].str()))
        finally:
            self._consumer.close()

    def _follow(self) -> None:
        self._assign()
        while not self._stop.is_set():
            first = self._consumer.poll(1.0)
            if first is None:
                if self.state.missing and self._exist(self.state.missing):
                    return
                continue
            # wait a little for company: a batch costs one transaction of the store, whatever its size
            self._take([first, *self._consumer.consume(BATCH - 1, 0.1)])

    def _exist(self, names: list[str]) -> bool:
        known = self._consumer.list_topics(timeout=TIMEOUT).topics
        return any(name in known for name in names)

    def _assign(self) -> None:
        metadata = self._consumer.list_topics(timeout=TIMEOUT)
        self.state.missing = [t.name for t in FOLLOWED if t.name not in metadata.topics]
        start = [
            TopicPartition(topic.name, number, self._begin(topic, number))
            for topic in FOLLOWED
            if topic.name in metadata.topics
            for number in metadata.topics[topic.name].partitions
            if (topic.name, number) not in self._assigned
        ]
        new = {(p.topic, p.partition) for p in start}
        if not new | self._assigned:
            self._lose("Kafka answers, but its topics do not exist yet")
            return
        self._behind |= new
        self._assigned |= new
        self._consumer.incremental_assign(start)
        self.state.is_connected, self.state.problem = True, ""
        self._log.info("following", topics=len(FOLLOWED) - len(self.state.missing), partitions=len(start))

    def _begin(self, topic: Topic, number: int) -> int:
        if topic in WHOLE:
            return int(OFFSET_BEGINNING)
        low, high = self._consumer.get_watermark_offsets(TopicPartition(topic.name, number), timeout=TIMEOUT)
        return int(max(low, high - RECENT_RECORDS))

    def _take(self, messages: list[Message]) -> None:
        batch, taken = Batch(), 0
        for message in messages:
            error = message.error()
            if error is None:
                taken += self._read(batch, message)
            elif error.code() == KafkaError._PARTITION_EOF:
                self._behind.discard((message.topic() or "", message.partition() or 0))
            else:
                raise KafkaException(error)
        self.state.is_connected, self.state.problem = True, ""
        if not self._behind:
            self.state.is_caught_up = True
        self.state.records += taken
        if taken:
            self._store.write(batch.statements, batch.skus, batch.orders)

    def _read(self, batch: Batch, message: Message) -> int:
        topic, at = message.topic() or "", message.timestamp()[1]
        value = message.value()
        if value is None:
            if topic == STOCK.name:
                gone(batch, (message.key() or b"").decode(errors="replace"))
            return 1
        record = self._decode(value, topic, message.offset())
        if record is not None:
            self._pulse.add(topic, *record, at)
            fold(batch, *record)
        return 1

    def _decode(self, value: bytes, topic: str, offset: int | None) -> tuple[str, dict[str, Any]] | None:
        while not self._stop.is_set():
            try:
                return self._codec.decode(value)
            except UndecodableRecord as error:
                self.state.unreadable += 1
                self._log.warning("unreadable record left out", topic=topic, offset=offset, error=str(error))
                return None
            except SchemaUnavailable as error:
                self.state.problem = f"the schema registry does not answer: {error}"
                self._stop.wait(RETRY_SECONDS)
        return None

    def _on_error(self, error: KafkaError) -> None:
        if error.code() == KafkaError._ALL_BROKERS_DOWN:
            self.state.is_connected, self.state.problem = False, "Kafka does not answer"

    def _lose(self, reason: str) -> None:
        self.state.is_connected, self.state.problem = False, reason
        self._stop.wait(RETRY_SECONDS)


class _Quiet:
    """librdkafka's own lines are left out: every one of them also arrives as an error, which the page shows."""

    def log(self, *_: object) -> None:
        """Say nothing."""


_QUIET: Any = _Quiet()
