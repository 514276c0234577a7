"""Rows of topics whose values are not our Avro: Debezium's JSON, and dead letters."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from connectors.clickhouse.columns import Column, Row, moment, text, whole, word
from schemas.codec import UndecodableRecord


class Message(NamedTuple):
    """A Kafka record, untouched."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    """Milliseconds since 1970."""
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes]


ERP_CHANGE = (
    text("key"),
    word("table_name"),
    word("op"),
    whole("lsn"),
    whole("tx_id"),
    moment("committed_at"),
    moment("captured_at"),
    text("value"),
)
DEAD_LETTER = (
    word("original_topic"),
    whole("original_partition"),
    whole("original_offset"),
    moment("original_timestamp"),
    word("error_class"),
    text("error_message"),
    word("error_stage"),
    whole("attempts"),
    moment("first_failed_at"),
    word("app_version"),
    text("key"),
    text("value"),
    Column("headers", "Map(LowCardinality(String), String)"),
)


def erp_change(message: Message) -> Row | None:
    """A Debezium envelope with the parts that questions are asked by; a tombstone makes no row."""
    if message.value is None:
        return None
    try:
        value = message.value.decode()
        envelope: dict[str, Any] = json.loads(value)
        source: dict[str, Any] = envelope.get("source") or {}
        return (
            (message.key or b"").decode(),
            str(source.get("table", "")),
            str(envelope.get("op", "")),
            int(source.get("lsn") or -1),
            int(source.get("txId") or -1),
            int(source.get("ts_ms") or 0),
            int(envelope.get("ts_ms") or 0),
            value,
        )
    except (UnicodeDecodeError, ValueError, TypeError, AttributeError) as error:
        raise UndecodableRecord(f"not a Debezium envelope in JSON: {error}") from error


def dead_letter(message: Message) -> Row:
    """A dead letter, whatever it is: bytes stay as they are, a header that is damaged reads as unknown."""
    headers = {name: value.decode(errors="replace") for name, value in message.headers.items()}
    return (
        headers.get("x-original-topic", message.topic.removesuffix(".dlq")),
        _number(headers.get("x-original-partition"), -1),
        _number(headers.get("x-original-offset"), -1),
        _number(headers.get("x-original-timestamp"), 0),
        headers.get("x-error-class", ""),
        headers.get("x-error-message", ""),
        headers.get("x-error-stage", ""),
        _number(headers.get("x-attempts"), 1),
        _number(headers.get("x-first-failed-at"), message.timestamp),
        headers.get("x-app-version", ""),
        message.key or b"",
        message.value or b"",
        headers,
    )


def _number(text_value: str | None, otherwise: int) -> int:
    try:
        return int(text_value or "")
    except ValueError:
        return otherwise
