"""Rows as bytes: what the tables' RocksDB and changelogs hold.

A row is written as an array of its fields. A field may be added at the end with a default; older bytes then read as
before. Nothing may be removed or moved within a version of the app id.
"""

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

import msgspec

T = TypeVar("T")


class RowCodec(NamedTuple, Generic[T]):
    """How a table turns its values into bytes and back."""

    encode: Callable[[T], bytes]
    decode: Callable[[bytes], T]


def rows_of(kind: type[T]) -> RowCodec[T]:
    """The codec of a named tuple."""
    return RowCodec(msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(kind).decode)
