"""Record and headers as they go onto a topic: Avro through the codec, CloudEvents 1.0 in binary mode as headers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.kafka.producer import Headers, Message
from schemas.cloudevents import headers
from schemas.codec import Codec

APP_VERSION = "0.1.0"
CONTENT = ("content-type", b"application/avro")


def iso(ms: int) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")


class Envelope:
    """Makes messages on behalf of one process, which is the CloudEvents source."""

    def __init__(self, codec: Codec, source: str) -> None:
        self._codec = codec
        self._source = source

    def message(self, topic: str, record: str, key: str, value: Mapping[str, Any], at: int) -> Message:
        """An encoded record; ``at`` is the event's own time in milliseconds since 1970."""
        made = headers(self._source, record, value["event_id"], key, at)
        return Message(topic, key.encode(), self._codec.encode(record, value), [*made, CONTENT])


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a dead letter comes from; position -1 where it never had one."""

    topic: str
    key: bytes
    value: bytes
    at: int
    """The original's time in milliseconds since 1970."""
    partition: int = -1
    offset: int = -1


def dead_letter(origin: Origin, why: tuple[str, str, str], now: int) -> Message:
    """The original for ``<topic>.dlq``, key and bytes untouched. ``why``: class of the error, its message, and the
    stage (decode, validate, map, apply, publish)."""
    error_class, message, stage = why
    described: Headers = [
        ("x-original-topic", origin.topic),
        ("x-original-partition", str(origin.partition)),
        ("x-original-offset", str(origin.offset)),
        ("x-original-timestamp", str(origin.at)),
        ("x-error-class", error_class),
        ("x-error-message", message[:1000]),
        ("x-error-stage", stage),
        ("x-attempts", "1"),
        ("x-first-failed-at", iso(now)),
        ("x-app-version", APP_VERSION),
    ]
    return Message(f"{origin.topic}.dlq", origin.key, origin.value, described)
