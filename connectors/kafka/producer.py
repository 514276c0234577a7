"""A producer for asyncio: many messages, one future; polled by the loop itself, in step with its work.

A polling thread would contend with the loop for the interpreter lock at every delivery report.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as KafkaMessage

from connectors.kafka.settings import producer_settings

POLL_S = 0.002
IDLE_POLL_S = 0.2
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

    __slots__ = ("future", "missing", "problem")

    def __init__(self, future: "asyncio.Future[None]", missing: int) -> None:
        self.future = future
        self.missing = missing
        self.problem: str | None = None

    def settle(self, error: KafkaError | None, _: KafkaMessage) -> None:
        """librdkafka's delivery report; called within a poll, so in the loop."""
        self.take_off(1, None if error is None else str(error))

    def take_off(self, count: int, problem: str | None) -> None:
        """So many messages have an end, good or bad."""
        self.problem = problem or self.problem
        self.missing -= count
        if self.missing or self.future.done():
            return
        if self.problem is None:
            self.future.set_result(None)
        else:
            self.future.set_exception(DeliveryFailed(self.problem))


class AsyncProducer:
    """Sends with acks=all and an idempotent producer. Make it inside the running loop; ``close`` it."""

    def __init__(self, brokers: str, client_id: str, delivery_timeout_ms: int = 120_000) -> None:
        self._loop = asyncio.get_running_loop()
        self.on_all_down: Callable[[], None] | None = None
        """Called in the loop when the last connection to a broker is lost."""
        settings = producer_settings(brokers, client_id, delivery_timeout_ms)
        self._producer = Producer({**settings, "error_cb": self._on_error})
        self._timer = self._loop.call_later(IDLE_POLL_S, self._poll)

    def send(self, messages: Sequence[Message]) -> "asyncio.Future[None]":
        """Resolves when Kafka has stored every one of them, in order per key. Raises DeliveryFailed through it."""
        future: asyncio.Future[None] = self._loop.create_future()
        if not messages:
            future.set_result(None)
            return future
        group = _Group(future, len(messages))
        was_idle = len(self._producer) == 0
        for sent, (topic, key, value, headers) in enumerate(messages):
            try:
                self._producer.produce(topic, value, key, on_delivery=group.settle, headers=headers)
            except (BufferError, KafkaException) as error:
                group.take_off(len(messages) - sent, str(error))
                break
        if was_idle:
            self._timer.cancel()
            self._timer = self._loop.call_later(POLL_S, self._poll)
        return future

    async def close(self, timeout: float = 10.0) -> None:
        """Wait for what is under way, at most ``timeout`` seconds, then stop."""
        self._timer.cancel()
        deadline = self._loop.time() + timeout
        while len(self._producer) and self._loop.time() < deadline:
            self._producer.poll(0)
            await asyncio.sleep(POLL_S)

    def _poll(self) -> None:
        self._producer.poll(0)
        self._timer = self._loop.call_later(POLL_S if len(self._producer) else IDLE_POLL_S, self._poll)

    def _on_error(self, error: KafkaError) -> None:
        if error.code() == KafkaError._ALL_BROKERS_DOWN and self.on_all_down is not None:
            self.on_all_down()
