"""The agents' units of work without Kafka: tables are dicts of bytes, and what is sent is handed to the test."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from schemas.codec import Codec
from schemas.registry import FixedIds
from streams.runtime import Batch, Table, Transaction, Unit

CODEC = Codec(FixedIds())


class Sent(NamedTuple):
    """An output as it would go to Kafka."""

    topic: str
    key: bytes
    value: bytes
    headers: dict[str, bytes | None]

    @property
    def record(self) -> tuple[str, Any]:
        return CODEC.decode(self.value)


@dataclass
class Raw:
    """A record as an agent gets it."""

    value: bytes | None
    key: bytes | None = b"k"
    topic: str = "t"
    partition: int = 0
    offset: int = 0
    timestamp: int = 0
    headers: Sequence[tuple[str, bytes | None]] = ()


@dataclass
class MemoryTransaction:
    """What a handler writes into. Rows are kept as bytes, so that only what survives its encoding is read back."""

    tables: dict[str, dict[bytes, bytes]] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    dead: list[tuple[Any, str, str]] = field(default_factory=list)

    def rows(self, table: Table[Any]) -> dict[bytes, Any]:
        """A whole table, decoded."""
        return {key: table.decode(row) for key, row in self.tables.get(table.name, {}).items()}

    def get(self, table: Table[Any], key: bytes) -> Any:
        found = self.tables.get(table.name, {}).get(key)
        return None if found is None else table.decode(found)

    def put(self, table: Table[Any], key: bytes, row: Any) -> None:
        self.tables.setdefault(table.name, {})[key] = table.encode(row)

    def delete(self, table: Table[Any], key: bytes) -> None:
        self.tables.get(table.name, {}).pop(key, None)

    def scan(self, table: Table[Any], start: bytes = b"", stop: bytes | None = None) -> Iterator[tuple[bytes, Any]]:
        rows = self.tables.get(table.name, {})
        for key in sorted(k for k in rows if k >= start and (stop is None or k < stop)):
            yield key, table.decode(rows[key])

    def send(self, topic: str, key: bytes, value: bytes, headers: Any = None, partition: int = -1) -> None:
        self.sent.append(Sent(topic, key, value, dict(headers or ())))

    def dead_letter(self, record: Any, stage: str, error: BaseException | str) -> None:
        self.dead.append((record, stage, str(error)))


@dataclass
class Agent:
    """One agent with tables of its own."""

    make: Callable[[Codec], Unit]
    tx: MemoryTransaction = field(default_factory=MemoryTransaction)

    def __post_init__(self) -> None:
        self.unit = self.make(CODEC)

    def take(self, *values: bytes | None) -> list[Sent]:
        """Hand over one batch; what went out."""
        self.tx.sent.clear()
        records = [Raw(value, offset=n) for n, value in enumerate(values)]
        self.unit.handler(Batch(self.unit.inputs[0], 0, records), cast("Transaction", self.tx))
        return list(self.tx.sent)

    def tell(self, *told: tuple[str, Any]) -> list[Sent]:
        """Hand over one batch of records of ours."""
        return self.take(*(CODEC.encode(name, value) for name, value in told))
