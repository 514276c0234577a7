"""The write-behind view of one partition of one table: what a handler reads and writes before anything is committed."""

from collections.abc import Iterator
from typing import Any, Final

from streams.runtime.errors import StateDamaged
from streams.runtime.store import PartitionStore
from streams.runtime.unit import Table

MISSING: Final[Any] = object()


class View:
    """Rows as objects. ``rows`` is hot, ``cold`` is what was hot before: together they are a cheap LRU.

    ``changed`` is what the open transaction will commit; ``undo`` what it takes to forget the last slice.
    A row that is known to be absent is None.
    """

    __slots__ = ("_limit", "changed", "cold", "partition", "rows", "store", "table", "undo")

    def __init__(self, table: Table[Any], partition: int, store: PartitionStore, limit: int) -> None:
        self.table, self.store, self.partition, self._limit = table, store, partition, limit
        self.rows: dict[bytes, Any] = {}
        self.cold: dict[bytes, Any] = {}
        self.changed: dict[bytes, Any] = {}
        self.undo: dict[bytes, tuple[Any, Any]] = {}

    def load(self, key: bytes) -> Any:
        """The row of a key that is not hot."""
        row = self.cold.get(key, MISSING)
        if row is MISSING:
            raw = self.store.get(key)
            row = None if raw is None else self._decode(raw)
        self.rows[key] = row
        return row

    def _decode(self, raw: bytes) -> Any:
        try:
            return self.table.decode(raw)
        except Exception as error:  # the row is at fault, never the record that asked for it
            raise StateDamaged(self.table.name, self.partition, error) from error

    def remember(self, key: bytes) -> None:
        """What the key was before the slice touched it."""
        self.undo[key] = (self.rows.get(key, MISSING), self.changed.get(key, MISSING))

    def scan(self, start: bytes, stop: bytes | None) -> Iterator[tuple[bytes, Any]]:
        """Rows with start <= key < stop in key order, as they were when the scan began."""
        mine = sorted(k for k in self.changed if k >= start and (stop is None or k < stop))
        changed = {k: self.changed[k] for k in mine}
        waiting = iter(mine)
        next_mine = next(waiting, None)
        for key, raw in self.store.items(start):
            if stop is not None and key >= stop:
                break
            while next_mine is not None and next_mine < key:
                if changed[next_mine] is not None:
                    yield next_mine, changed[next_mine]
                next_mine = next(waiting, None)
            if key in changed:
                continue
            row = self.rows.get(key, MISSING)
            yield key, self._decode(raw) if row is MISSING or row is None else row
        while next_mine is not None:
            if changed[next_mine] is not None:
                yield next_mine, changed[next_mine]
            next_mine = next(waiting, None)

    def keep(self) -> None:
        """The slice succeeded: there is nothing to undo."""
        self.undo = {}

    def rollback(self) -> None:
        """Forget what was put since the last ``keep``."""
        for key, (row, changed) in self.undo.items():
            _restore(self.rows, key, row)
            _restore(self.changed, key, changed)
        self.undo = {}

    def encoded(self) -> list[tuple[bytes, bytes | None]]:
        """What the transaction changes, as bytes."""
        encode = self.table.encode
        return [(key, None if row is None else encode(row)) for key, row in self.changed.items()]

    def committed(self) -> None:
        """The transaction and the local store have it all."""
        self.changed = {}
        if len(self.rows) > self._limit:
            self.cold, self.rows = self.rows, {}


def _restore(rows: dict[bytes, Any], key: bytes, value: Any) -> None:
    if value is MISSING:
        rows.pop(key, None)
    else:
        rows[key] = value
