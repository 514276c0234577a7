"""What an ERP is to us: a feed of row changes that is folded into stock commands.

A mapping is pure: no clock, no I/O, no memory of its own; everything it must remember goes through `State`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import BaseModel

Body = dict[str, Any]
Position = tuple[int, int, int]
"""Where a change stands in the ERP's own commit order; a row's older change never replaces its newer one."""


class State(Protocol):
    """One table of key and value. Values are plain lists, dicts, texts, numbers and None, never changed in place."""

    def get(self, key: bytes) -> Any | None:
        """The value, or None."""

    def put(self, key: bytes, value: Any) -> None:
        """Set it."""

    def delete(self, key: bytes) -> None:
        """Remove it, if it is there."""

    def scan(self, start: bytes, stop: bytes) -> Iterator[tuple[bytes, Any]]:
        """Pairs with start <= key < stop in key order, with what has been put before the scan began."""


class BadChange(ValueError):
    """A change that must not be guessed at; the message names table, row and column. For quarantine."""

    stage = "map"


class Undecodable(BadChange):
    """No change record at all."""

    stage = "decode"


class InvalidRow(BadChange):
    """A column is missing or holds what this mapping does not know."""

    stage = "validate"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one row, the same for a snapshot and for the stream."""

    table: str
    id: int
    row: Any
    """The validated row; None when it was deleted."""
    position: Position
    offset: int
    """In the change topic; what becomes the position of the facts told from it."""
    occurred_at: int
    """Milliseconds since 1970: the commit in the ERP."""
    is_snapshot: bool
    ends_snapshot: bool


@dataclass(frozen=True, slots=True)
class Command:
    """A record for the world: its contract's name, its key, its body.

    StockCounted, StockMoved, DemandCounted, ReservationFulfilled go to inventory.commands.v1 by SKU; ClockTicked goes
    to each partition of it; AlertRaised goes to ops.alerts.v1.
    """

    record: str
    key: str
    body: Body


@dataclass(frozen=True)
class Erp:
    """One ERP system: where its changes come from and how they are read."""

    name: str
    topic: str
    connector: str
    """Name of the connector's configuration in infra/debezium, without .json."""
    parse: Callable[[bytes | None, int], Change | None]
    """(value, offset) -> change; None for a tombstone. Raises BadChange."""
    fold: Callable[[State, Change], list[Command]]
    """Raises BadChange; then nothing that it put may be kept."""
    tables: Mapping[str, type[BaseModel]] = field(default_factory=dict)
    """Captured table -> its row's class."""
