"""A producer for asyncio: many messages, one future, one wake-up of the loop per poll whatever the load."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as KafkaMessage

from connectors.kafka.settings import producer_settings

POLL_S = 0.1
Headers = list[tuple[str, str | bytes | None]]


class Message(NamedTuple):
    """One record on its way to a topic, encoded."""

    topic: str
    key: bytes
    value: bytes
    headers: Headers


class DeliveryFailed(Exception):
    """Kafka did not acknowledge at least one message; it may have stored it all the same."""


class _Group:
    """The messages that are acknowledged together."""

    __slots__ = ("future", "missing", "owner", "problem")

    def __init__(self, owner: "AsyncProducer", future: "asyncio.Future[None]", missing: int) -> None:
        self.owner = owner
        self.future = future
        self.missing = missing
        self.problem: str | None = None

    def settle(self, error: KafkaError | None, _: KafkaMessage) -> None:
        """librdkafka's delivery report; runs in the polling thread."""
        self.take_off(1, None if error is None else str(error))

    def take_off(self, count: int, problem: str | None) -> None:
        """So many messages have an end, good or bad; called from the polling thread and from the loop."""
        with self.owner.lock:
            self.problem = problem or self.problem
            self.missing -= count
            is_last = self.missing == 0
        if is_last:
            self.owner.settled.append(self)


class AsyncProducer:
    """Sends with acks=all and an idempotent producer. Make it inside the running loop; ``close`` it."""

    def __init__(
        self,
        brokers: str,
        client_id: str,
        delivery_timeout_ms: int = 120_000,
    ) -> None:
        self.settled: deque[_Group] = deque()
        self.lock = threading.Lock()
        self._loop = asyncio.get_running_loop()
        self.on_all_down: Callable[[], None] | None = None
        """Called in the loop when the last connection to a broker is lost."""
        settings = producer_settings(brokers, client_id, delivery_timeout_ms)
        self._producer = Producer({**settings, "error_cb": self._on_error})
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._poll, name="kafka-producer", daemon=True)
        self._thread.start()

    def send(self, messages: Sequence[Message]) -> "asyncio.Future[None]":
        """Resolves when Kafka has stored every one of them, in order per key. Raises DeliveryFailed through it."""
        future: asyncio.Future[None] = self._loop.create_future()
        if not messages:
            future.set_result(None)
            return future
        group = _Group(self, future, len(messages))
        for sent, (topic, key, value, headers) in enumerate(messages):
            try:
                self._producer.produce(topic, value, key, on_delivery=group.settle, headers=headers)
            except (BufferError, KafkaException) as error:
                group.take_off(len(messages) - sent, str(error))
                self._hand_over()
                break
        return future

    async def close(self, timeout: float = 10.0) -> None:
        """Wait for what is under way, at most ``timeout`` seconds, then stop."""
        await asyncio.to_thread(self._producer.flush, timeout)
        self._stopping.set()
        await asyncio.to_thread(self._thread.join)
        self._hand_over()

    def _poll(self) -> None:
        while not self._stopping.is_set():
            self._producer.poll(POLL_S)
            if self.settled:
                self._loop.call_soon_threadsafe(self._hand_over)

    def _hand_over(self) -> None:
        while self.settled:
            group = self.settled.popleft()
            if group.future.done():
                continue
            if group.problem is None:
                group.future.set_result(None)
            else:
                group.future.set_exception(DeliveryFailed(group.problem))

    def _on_error(self, error: KafkaError) -> None:
        if error.code() == KafkaError._ALL_BROKERS_DOWN and self.on_all_down is not None:
            self._loop.call_soon_threadsafe(self.on_all_down)
