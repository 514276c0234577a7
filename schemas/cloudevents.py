"""CloudEvents 1.0 in Kafka's binary mode: the attributes as headers, the record untouched."""

from datetime import UTC, datetime
from functools import lru_cache

from schemas.avro_schema import NAMESPACE

Headers = list[tuple[str, bytes | None]]


@lru_cache(maxsize=256)
def kind(source: str, record: str) -> tuple[tuple[str, bytes], ...]:
    """The headers that are the same for every record of a kind from a process."""
    return (
        ("ce_specversion", b"1.0"),
        ("ce_source", source.encode()),
        ("ce_type", f"{NAMESPACE}.{record}".encode()),
    )


@lru_cache(maxsize=256)
def _second(seconds: int) -> bytes:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()


def occasion(event_id: str, subject: str, occurred_at: int) -> tuple[tuple[str, bytes], ...]:
    """The headers that tell one event from another; shared by all the records that it goes out as."""
    seconds, millis = divmod(occurred_at, 1000)
    return (
        ("ce_id", event_id.encode()),
        ("ce_subject", subject.encode()),
        ("ce_time", b"%b.%03dZ" % (_second(seconds), millis)),
    )


def headers(source: str, record: str, event_id: str, subject: str, occurred_at: int) -> Headers:
    """The headers of one record. ``source`` names the process, ``subject`` the SKU or order; time in milliseconds."""
    return [*kind(source, record), *occasion(event_id, subject, occurred_at)]
