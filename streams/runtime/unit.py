"""What an agent is made of: its tables, its inputs and its handler. Nothing here knows of Kafka or Faust."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from streams.runtime.settings import Settings
    from streams.runtime.transaction import Transaction

Row = TypeVar("Row")


class Record(Protocol):
    """A record as it came from Kafka (an aiokafka ConsumerRecord); key and value are the bytes themselves."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


@dataclass(frozen=True, eq=False)
class Table(Generic[Row]):
    """A table of one unit: rows are Python objects in the cache and bytes in RocksDB and in the changelog.

    A row must never be changed in place: put a new one, or a failed record could not be undone.
    """

    name: str
    encode: Callable[[Row], bytes]
    decode: Callable[[bytes], Row]


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive records of one partition of one input."""

    topic: str
    partition: int
    records: Sequence[Any]


Handler = Callable[[Batch, "Transaction"], None]


@dataclass(frozen=True, eq=False)
class Unit:
    """One agent: what it reads, what it keeps, what it does.

    ``handler`` runs in a worker thread with batches of one partition at a time, in order. It must depend on the
    records and the tables alone: a batch may be handed to it again, whole or in parts, with the tables as before.
    All inputs have ``partitions`` partitions; a row belongs to the partition in which it was put.
    ``outputs`` are checked for existence at the start.
    """

    name: str
    inputs: tuple[str, ...]
    tables: tuple[Table[Any], ...]
    partitions: int
    handler: Handler
    outputs: tuple[str, ...] = field(default=())


class Agent(NamedTuple):
    """A line of the tuple AGENTS: the name on the command line, and how its unit is made from the settings."""

    name: str
    build: "Callable[[Settings], Unit]"
