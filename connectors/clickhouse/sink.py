"""The sink's loop: consume, decode, store; offsets live in ClickHouse, so a row is stored once whoever is killed."""

import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as KafkaMessage

from connectors.clickhouse.batch import Batch, Partition
from connectors.clickhouse.client import DatabaseError, Unavailable, passes
from connectors.clickhouse.deadletters import DeadLetters, NotDelivered
from connectors.clickhouse.decoding import decode
from connectors.clickhouse.destination import Destination
from connectors.clickhouse.history import TABLE_OF
from connectors.clickhouse.progress import Progress
from connectors.clickhouse.raw import Message
from connectors.process import say_ready
from schemas.codec import Codec, SchemaUnavailable

log = structlog.get_logger()
T = TypeVar("T")

MAX_RECORDS = 20_000
"""Records in hand at most; with librdkafka's own bounded queue this bounds memory."""
MAX_WAIT_S = 0.2
"""A batch waits for company no longer than this: what freshness costs for fewer, larger parts."""
MAX_REFUSED_IN_A_ROW = 500
_BACKOFF_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Stopped(Exception):
    """The process was asked to end while it waited."""


class TooManyRefused(RuntimeError):
    """So many records in a row cannot be read that this program, and not they, must be wrong."""


class OffsetGone(RuntimeError):
    """Kafka no longer has the record that comes next; the message says what to do."""


class Sink:
    """Moves every topic's records into the history tables. One instance a process."""

    def __init__(self, consumer: Consumer, destination: Destination, codec: Codec, dead_letters: DeadLetters) -> None:
        self._consumer = consumer
        self._destination = destination
        self._codec = codec
        self._dead_letters = dead_letters
        self._stopping = threading.Event()
        self._next: dict[Partition, int] = {}
        self._ahead: dict[Partition, frozenset[int]] = {}
        self._refused_in_a_row = 0
        self.progress = Progress()

    def stop(self) -> None:
        """End after the batch in hand; safe from a signal handler."""
        self._stopping.set()

    def run(self) -> None:
        """Run until `stop`. Raises TooManyRefused, and whatever is not an outage."""
        self._consumer.subscribe(
            list(TABLE_OF), on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked
        )
        try:
            while not self._stopping.is_set():
                self._step()
        except Stopped:
            log.info("stopped_while_waiting")
        finally:
            self._consumer.close()

    def _step(self) -> None:
        messages, ends = self._received(self._consumer.consume(MAX_RECORDS, MAX_WAIT_S))
        if messages or ends:
            self._store(messages, ends)
        self.progress.report(self._consumer, self._next)

    def _received(self, consumed: Sequence[KafkaMessage]) -> tuple[list[Message], dict[Partition, int]]:
        """New records of partitions that are ours, and for each partition the offset after what was read."""
        messages: list[Message] = []
        ends: dict[Partition, int] = {}
        for record in consumed:
            error = record.error()
            if error is not None and error.code() != KafkaError._PARTITION_EOF:
                _judge(error)
                continue
            partition, offset = _place(record)
            start = self._next.get(partition)
            if start is None or offset < start:
                continue
            if error is not None:
                # markers of transactions have offsets too: the end of the partition may lie behind the last record
                ends[partition] = max(ends.get(partition, 0), offset)
                continue
            ends[partition] = max(ends.get(partition, 0), offset + 1)
            if offset not in self._ahead.get(partition, ()):
                messages.append(_message(record, partition, offset))
        return messages, {p: end for p, end in ends.items() if end > self._next[p]}

    def _store(self, messages: list[Message], ends: dict[Partition, int]) -> None:
        if not ends:
            return
        batch, refused = self.wait_for("the schema registry", lambda: decode(messages, self._codec))
        if refused:
            self._count_refused(len(refused), len(messages))
            self.wait_for("Kafka's dead letters", lambda: self._dead_letters.send(refused))
            for letter in refused:
                log.warning(
                    "dead_letter", topic=letter.message.topic, offset=letter.message.offset, why=str(letter.error)
                )
        else:
            self._refused_in_a_row = 0
        batch.next_offsets = ends
        self._write(batch)
        self._next.update(ends)
        self.progress.count(batch.size, len(messages))
        self._hint(ends)

    def _write(self, batch: Batch) -> None:
        """Write until it is done. After a failure nobody knows what was stored: ask before trying again."""
        in_doubt = False

        def write() -> None:
            nonlocal in_doubt
            rest = batch
            if in_doubt:
                starts = {partition: self._next[partition] for partition in batch.next_offsets}
                rest = batch.without(self._destination.stored_from(starts))
            in_doubt = True
            self._destination.write(rest)

        self.wait_for("ClickHouse", write)

    def wait_for(self, what: str, act: Callable[[], T]) -> T:
        """The result of `act`, tried again with back-off while what it needs is away; nothing is dropped meanwhile."""
        tries = 0
        while True:
            try:
                result = act()
            except (*Unavailable, DatabaseError, SchemaUnavailable, NotDelivered) as error:
                if not passes(error):
                    raise
                wait = _BACKOFF_S[min(tries, len(_BACKOFF_S) - 1)]
                log.warning("waiting", for_what=what, again_in_s=wait, tries=tries + 1, problem=str(error)[:300])
                tries += 1
                if self._stopping.wait(wait):
                    raise Stopped from None
                continue
            if tries:
                log.info("back", what=what, after_tries=tries)
            return result

    def _assigned(self, consumer: Consumer, assigned: list[TopicPartition]) -> None:
        partitions = [Partition(item.topic, item.partition) for item in assigned]
        known = self.wait_for("ClickHouse", self._destination.next_offsets)
        starts = {partition: known.get(partition, 0) for partition in partitions}
        self._ahead.update(self.wait_for("ClickHouse", lambda: self._destination.stored_from(starts)))
        self._next.update(starts)
        consumer.incremental_assign(
            [TopicPartition(p.topic, p.partition, start or OFFSET_BEGINNING) for p, start in starts.items()]
        )
        ahead = sum(len(self._ahead[partition]) for partition in partitions)
        say_ready()
        log.info("assigned", partitions=len(partitions), stored_ahead_of_offsets=ahead)

    def _revoked(self, consumer: Consumer, revoked: list[TopicPartition]) -> None:
        for item in revoked:
            self._next.pop(Partition(item.topic, item.partition), None)
            self._ahead.pop(Partition(item.topic, item.partition), None)
        log.info("revoked", partitions=len(revoked))

    def _hint(self, ends: dict[Partition, int]) -> None:
        """Tell Kafka too, for tools that show lag; nothing here reads it."""
        offsets = [TopicPartition(p.topic, p.partition, end) for p, end in ends.items()]
        try:
            self._consumer.commit(offsets=offsets, asynchronous=True)
        except KafkaException as error:
            log.warning("offset_hint_failed", problem=str(error))

    def _count_refused(self, refused: int, of_all: int) -> None:
        self._refused_in_a_row = self._refused_in_a_row + refused if refused == of_all else 0
        if self._refused_in_a_row > MAX_REFUSED_IN_A_ROW:
            raise TooManyRefused(
                f"{self._refused_in_a_row} records in a row cannot be read; nothing was stored of them"
            )


def _place(record: KafkaMessage) -> tuple[Partition, int]:
    topic, partition, offset = record.topic(), record.partition(), record.offset()
    if topic is None or partition is None or offset is None:
        raise ValueError("a consumed record has no place; librdkafka gives one to each")
    return Partition(topic, partition), offset


def _message(record: KafkaMessage, place: Partition, offset: int) -> Message:
    found: Any = record.headers() or ()
    headers: dict[str, bytes] = {name: value or b"" for name, value in found}
    timestamp = record.timestamp()[1]
    return Message(
        place.topic, place.partition, offset, timestamp, _bytes(record.key()), _bytes(record.value()), headers
    )


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value


def _judge(error: KafkaError) -> None:
    """librdkafka mends what can be mended by itself; an offset that is gone from the log must not be passed over."""
    if error.code() == KafkaError._AUTO_OFFSET_RESET:
        raise OffsetGone(
            f"{error.str()}. Either Kafka deleted records before they were stored: to go on without them, insert a "
            "higher next_offset for the partition into sink_offsets. Or the topic was made anew: delete its rows from "
            "sink_offsets."
        )
    if error.fatal() or error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
        raise KafkaException(error)
    log.warning("kafka", problem=str(error))
