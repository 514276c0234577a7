"""CloudEvents 1.0 in Kafka's binary mode: the attributes as headers, the record untouched."""

from datetime import UTC, datetime
from functools import lru_cache

from schemas.avro_schema import NAMESPACE

Headers = list[tuple[str, bytes]]


@lru_cache(maxsize=64)
def _fixed(source: str, record: str) -> tuple[tuple[str, bytes], ...]:
    return (
        ("ce_specversion", b"1.0"),
        ("content-type", b"application/avro"),
        ("ce_source", source.encode()),
        ("ce_type", f"{NAMESPACE}.{record}".encode()),
    )


@lru_cache(maxsize=256)
def _second(seconds: int) -> bytes:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()


def headers(source: str, record: str, event_id: str, subject: str, occurred_at: int) -> Headers:
    """The headers of one record. ``source`` names the process, ``subject`` the SKU or order; time in milliseconds."""
    seconds, millis = divmod(occurred_at, 1000)
    return [
        *_fixed(source, record),
        ("ce_id", event_id.encode()),
        ("ce_subject", subject.encode()),
        ("ce_time", b"%b.%03dZ" % (_second(seconds), millis)),
    ]
