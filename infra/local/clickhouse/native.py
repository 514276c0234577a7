"""ClickHouse's Native format, just enough of it: a block that has columns and no rows."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """Name and ClickHouse type of a result column."""

    name: str
    type: str


def _number(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def _text(value: str) -> bytes:
    encoded = value.encode()
    return _number(len(encoded)) + encoded


def empty_block(columns: Sequence[Column]) -> bytes:
    """A Native block with these columns and no row."""
    names = b"".join(_text(column.name) + _text(column.type) for column in columns)
    return _number(len(columns)) + _number(0) + names
