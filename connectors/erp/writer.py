"""The order writer: decisions from Kafka into the ERP, in order per key, each once, committed after success."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from connectors.erp.decisions import Outcome, Task, delivered, task_of
from connectors.erp.delivery import Delivery, OrderApi
from connectors.kafka.envelope import APP_VERSION, Envelope, iso
from connectors.kafka.producer import Headers
from connectors.kafka.settings import consumer_settings, producer_settings
from connectors.process import say_ready
from schemas.codec import Codec, UndecodableRecord
from schemas.topics import DELIVERIES, ORDER_DECISIONS

log = structlog.get_logger()
GROUP = "order-writer"
BATCH = 50
"""Orders in one call: the ERP needs a fifth of the time for each that it needs for one alone."""
FIRST_WAIT_S = 0.5


class Stopped(Exception):
    """The process is asked to end while it waits for the ERP."""


@dataclass(frozen=True)
class Dead:
    """A decision that the ERP will never have, and why."""

    message: Message
    error: str
    words: str
    stage: str
    attempts: int


class OrderWriter:
    """One consumer, one ERP. `run` returns when `should_stop` says so; it raises on what a restart may mend."""

    def __init__(self, brokers: str, codec: Codec, erp: OrderApi, should_stop: Callable[[], bool]) -> None:
        self._codec = codec
        self._should_stop = should_stop
        self._consumer = Consumer(consumer_settings(brokers, GROUP, GROUP))
        self._producer = Producer(producer_settings(brokers, GROUP))
        self._envelope = Envelope(codec, "skustream/order-writer")
        self._delivery = Delivery(erp, self._wait)
        self._is_waiting = False
        self._failed: KafkaError | None = None

    def run(self) -> None:
        """Until asked to stop; what was not committed by then is done again at the next start, and changes nothing."""
        self._consumer.subscribe([ORDER_DECISIONS.name], on_assign=self._assigned)
        log.info("ready", topic=ORDER_DECISIONS.name)
        try:
            while not self._should_stop():
                if batch := self._consumer.consume(BATCH, timeout=FIRST_WAIT_S):
                    self._take(batch)
        except Stopped:
            log.info("stopped while waiting for the ERP")
        finally:
            self._consumer.close()
            self._producer.flush(5)
            self._producer.close()

    def _take(self, batch: list[Message]) -> None:
        started = time.monotonic()
        tasks: list[Task] = []
        dead: list[Dead] = []
        for message in batch:
            if error := message.error():
                raise KafkaException(error)
            try:
                record, value = self._codec.decode(message.value())
            except UndecodableRecord as problem:
                dead.append(Dead(message, "UndecodableRecord", str(problem), "decode", 1))
                continue
            if task := task_of(record, value, message.timestamp()[1], message):
                tasks.append(task)
        done = self._delivery.deliver(tasks)
        now = time.time_ns() // 1_000_000
        for outcome, attempts in done:
            if outcome.refusal:
                dead.append(Dead(outcome.task.source, "ErpRefused", outcome.refusal, "publish", attempts))
            else:
                self._tell(outcome, attempts, now)
        for letter in dead:
            self._bury(letter, now)
        self._commit(batch)
        if done:
            seconds = round(time.monotonic() - started, 3)
            log.info("delivered", orders=len(done) - len(dead), refused=len(dead), seconds=seconds)

    def _tell(self, outcome: Outcome, attempts: int, now: int) -> None:
        body = delivered(outcome, "tryton", attempts, now)
        made = self._envelope.message(DELIVERIES.name, "OrderDelivered", outcome.task.order_key, body, now)
        self._send(made.topic, made.key, made.value, made.headers)

    def _bury(self, dead: Dead, now: int) -> None:
        message = dead.message
        key = message.key()
        log.error("dead letter", key=(key or b"").decode(errors="replace"), error=dead.error, problem=dead.words)
        headers: Headers = [
            ("x-original-topic", str(message.topic())),
            ("x-original-partition", str(message.partition())),
            ("x-original-offset", str(message.offset())),
            ("x-original-timestamp", str(message.timestamp()[1])),
            ("x-error-class", dead.error),
            ("x-error-message", dead.words[:1000]),
            ("x-error-stage", dead.stage),
            ("x-attempts", str(dead.attempts)),
            ("x-first-failed-at", iso(now)),
            ("x-app-version", APP_VERSION),
        ]
        self._send(f"{message.topic()}.dlq", key, message.value(), headers)

    def _send(self, topic: str, key: bytes | None, value: bytes | None, headers: Headers) -> None:
        self._producer.produce(topic, value, key, headers=list(headers), on_delivery=self._sent)

    def _sent(self, error: KafkaError | None, _: Message) -> None:
        self._failed = error or self._failed

    def _commit(self, batch: list[Message]) -> None:
        """Only when all that the batch led to is stored."""
        left = self._producer.flush(60)
        if left or self._failed:
            raise KafkaException(self._failed or KafkaError(KafkaError._MSG_TIMED_OUT))
        ends: dict[tuple[str, int], int] = {}
        for message in batch:
            place = _place(message)
            ends[place.topic, place.partition] = place.offset + 1
        offsets = [TopicPartition(topic, partition, offset) for (topic, partition), offset in ends.items()]
        try:
            self._consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            # the partitions went to another writer meanwhile: it finds these orders done and commits them itself
            log.warning("not committed, will be repeated", problem=str(error))

    def _wait(self, seconds: float) -> None:
        """Sleep as a live member of the group: polled, so that the broker does not take the partitions away."""
        deadline = time.monotonic() + seconds
        self._is_waiting = True
        self._consumer.pause(self._consumer.assignment())
        try:
            while (left := deadline - time.monotonic()) > 0:
                if self._should_stop():
                    raise Stopped
                message = self._consumer.poll(min(0.2, left))
                if message is not None and not message.error():
                    # assigned and fetched before it could be paused: to be read again later
                    self._consumer.seek(_place(message))
        finally:
            self._is_waiting = False
            self._consumer.resume(self._consumer.assignment())

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        consumer.incremental_assign(partitions)
        say_ready()
        if self._is_waiting:
            consumer.pause(partitions)


def _place(message: Message) -> TopicPartition:
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    if topic is None or partition is None or offset is None:
        raise KafkaException(KafkaError(KafkaError._STATE))
    return TopicPartition(topic, partition, offset)
