"""Sends records that the sink cannot decode to <topic>.dlq, key and bytes untouched, with the reason in headers."""

import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from confluent_kafka import KafkaError, Producer
from confluent_kafka import Message as KafkaMessage

from connectors.clickhouse.decoding import Refused


class NotDelivered(RuntimeError):
    """Kafka did not take a dead letter; the record is not done with."""


def app_version() -> str:
    """This program's version as dead letters carry it."""
    try:
        return version("skustream")
    except PackageNotFoundError:
        return "source"


class DeadLetters:
    """A producer of dead letters that waits until Kafka has them."""

    def __init__(self, producer: Producer, timeout_seconds: float = 30.0) -> None:
        self._producer = producer
        self._timeout = timeout_seconds
        self._version = app_version()
        self._failures: list[KafkaError] = []

    def send(self, refused: Sequence[Refused]) -> None:
        """Return when Kafka has stored all of them; raises NotDelivered otherwise."""
        self._failures.clear()
        for letter in refused:
            message = letter.message
            self._producer.produce(
                f"{message.topic}.dlq",
                value=message.value,
                key=message.key,
                headers=[*message.headers.items(), *self._reasons(letter).items()],
                on_delivery=self._settle,
            )
            self._producer.poll(0)
        left = self._producer.flush(self._timeout)
        if left or self._failures:
            raise NotDelivered(
                str(self._failures[0]) if self._failures else f"{left} dead letters are not acknowledged"
            )

    def _settle(self, error: KafkaError | None, message: KafkaMessage) -> None:
        if error is not None:
            self._failures.append(error)

    def _reasons(self, letter: Refused) -> dict[str, bytes]:
        message = letter.message
        reasons = {
            "x-original-topic": message.topic,
            "x-original-partition": str(message.partition),
            "x-original-offset": str(message.offset),
            "x-original-timestamp": str(message.timestamp),
            "x-error-class": type(letter.error).__name__,
            "x-error-message": str(letter.error)[:1000],
            "x-error-stage": "decode",
            "x-attempts": "1",
            "x-first-failed-at": str(int(time.time() * 1000)),
            "x-app-version": self._version,
            "x-failed-in": "clickhouse-sink",
        }
        return {name: value.encode() for name, value in reasons.items()}
