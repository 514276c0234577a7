"""Avro in Confluent framing: byte 0, four bytes of schema id, the Avro body. Built for the hot path."""

import io
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import fastavro
from fastavro.schema import parse_schema

from schemas.avro_schema import schema_of
from schemas.events import EVENTS

MAGIC = 0
HEADER = 5
Body = Mapping[str, Any]


class UndecodableRecord(ValueError):
    """The bytes are not a record of ours: the record is at fault, and a repeat would not help."""


class SchemaUnavailable(RuntimeError):
    """The registry cannot be asked now: the record is not at fault, try again."""


class SchemaIds(Protocol):
    """Where schema ids come from and go to; the registry, or fixed ones in a test."""

    def id_of(self, record: str) -> int:
        """The id under which this version's schema of the record is registered."""
        ...

    def schema_of(self, schema_id: int) -> dict[str, Any]:
        """The writer's schema. Raises UndecodableRecord if there is none, SchemaUnavailable if not to be had now."""
        ...


def without_logical_types(schema: Any) -> Any:
    """The schema as plain integers and strings: building datetimes would cost more than the rest of a decode."""
    if isinstance(schema, dict):
        return {k: without_logical_types(v) for k, v in schema.items() if k not in ("logicalType", "doc")}
    if isinstance(schema, list):
        return [without_logical_types(item) for item in schema]
    return schema


class Codec:
    """Encodes and decodes every contract. One instance a process; safe to use from several threads."""

    def __init__(self, ids: SchemaIds) -> None:
        self._ids = ids
        self._own = {r.__name__: parse_schema(without_logical_types(schema_of(r))) for r in EVENTS}
        self._encoders: dict[str, Callable[[Body], bytes]] = {}
        self._readers: dict[bytes, tuple[str, Any, Any]] = {}

    def encoder(self, record: str) -> Callable[[Body], bytes]:
        """A function that encodes one record; fetch it once, call it often."""
        made = self._encoders.get(record)
        if made is None:
            made = self._encoders[record] = self._make_encoder(record)
        return made

    def encode(self, record: str, value: Body) -> bytes:
        """The framed bytes. The value must be valid already (pydantic at the edges): Avro would truncate 1.9."""
        return self.encoder(record)(value)

    def decode(self, data: bytes | None) -> tuple[str, Any]:
        """The record's name and a plain dict. Raises UndecodableRecord or SchemaUnavailable."""
        if data is None:
            raise UndecodableRecord("the value is empty (a tombstone) where a record is expected")
        reader = self._readers.get(data[:HEADER])
        if reader is None:
            reader = self._make_reader(data)
        name, writer, own = reader
        source = io.BytesIO(data)
        source.seek(HEADER)
        try:
            value = fastavro.schemaless_reader(source, writer, own)
        except (EOFError, ValueError, TypeError, IndexError, KeyError, OverflowError, UnicodeDecodeError) as error:
            raise UndecodableRecord(f"{name}: {error!r}") from error
        except fastavro.read.SchemaResolutionError as error:
            raise UndecodableRecord(f"{name}: {error}") from error
        if source.tell() != len(data):
            raise UndecodableRecord(f"{name}: {len(data) - source.tell()} bytes too many")
        return name, value

    def _make_encoder(self, record: str) -> Callable[[Body], bytes]:
        schema = self._own.get(record)
        if schema is None:
            raise KeyError(f"no contract is called {record}; see schemas/events")
        head = bytes([MAGIC]) + self._ids.id_of(record).to_bytes(4, "big")
        write, buffer = fastavro.schemaless_writer, io.BytesIO

        def encode(value: Body) -> bytes:
            out = buffer()
            out.write(head)
            write(out, schema, value)
            return out.getvalue()

        return encode

    def _make_reader(self, data: bytes) -> tuple[str, Any, Any]:
        if len(data) < HEADER or data[0] != MAGIC:
            raise UndecodableRecord(f"not in Confluent framing: starts with {data[:HEADER].hex() or 'nothing'}")
        schema_id = int.from_bytes(data[1:HEADER], "big")
        written = self._ids.schema_of(schema_id)
        name = str(written.get("name", "")).rsplit(".", 1)[-1]
        if name not in self._own:
            raise UndecodableRecord(f"schema {schema_id} is {name!r}, which is no contract of this version")
        writer = parse_schema(without_logical_types(written))
        # the same schema needs no resolution, which is the fast way through fastavro
        reader = (name, writer, None if writer == self._own[name] else self._own[name])
        self._readers[data[:HEADER]] = reader
        return reader
