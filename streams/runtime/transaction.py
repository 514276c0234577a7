"""What a handler writes into: tables, outputs and dead letters of the one Kafka transaction around its batch."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from streams.runtime.cache import View
from streams.runtime.deadletters import Failure, Headers, headers_of, topic_of
from streams.runtime.unit import Table

Row = TypeVar("Row")
Output = tuple[str, bytes | None, bytes | None, Headers | None, int]


class Transaction:
    """Handed to the handler, for one partition. All that is put and sent is committed together, or not at all."""

    __slots__ = ("_outputs", "_version", "_views", "failures", "partition")

    def __init__(self, partition: int, views: Mapping[Table[Any], View], version: str) -> None:
        self.partition = partition
        self._views, self._version = views, version
        self._outputs: list[Output] = []
        self.failures: dict[tuple[str, int], Failure] = {}

    def get(self, table: Table[Row], key: bytes) -> Row | None:
        """The row, with what this batch has put already. Do not change it in place."""
        view = self._views[table]
        try:
            row: Row | None = view.rows[key]
        except KeyError:
            row = view.load(key)
        return row

    def put(self, table: Table[Row], key: bytes, row: Row) -> None:
        """Set the row; one changelog record a key and transaction, however often it is put."""
        view = self._views[table]
        if key not in view.undo:
            view.remember(key)
        view.rows[key] = view.changed[key] = row

    def delete(self, table: Table[Any], key: bytes) -> None:
        """Remove the row, if there is one."""
        self.put(table, key, None)

    def scan(self, table: Table[Row], start: bytes = b"", stop: bytes | None = None) -> Iterator[tuple[bytes, Row]]:
        """Rows with start <= key < stop in key order, with what this batch has put before the scan began."""
        return self._views[table].scan(start, stop)

    def send(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Headers | None = None, partition: int = -1
    ) -> None:
        """Add an output. Partition -1: by the key's hash (murmur2, as Java clients do)."""
        self._outputs.append((topic, key, value, headers, partition))

    def dead_letter(self, record: Any, stage: str, error: BaseException | str) -> None:
        """Put a record aside, key and bytes untouched, and say why. The partition goes on."""
        failure = Failure(stage, error)
        self.failures[record.topic, record.offset] = failure
        headers = headers_of(record, failure, self._version)
        self._outputs.append((topic_of(record.topic), record.key, record.value, headers, -1))

    def take_outputs(self) -> list[Output]:
        """The slice is done: its outputs, which are then forgotten here, and nothing to undo."""
        outputs, self._outputs, self.failures = self._outputs, [], {}
        for view in self._views.values():
            view.keep()
        return outputs

    def rollback(self) -> None:
        """Forget what was put and sent since the last ``take_outputs``."""
        self._outputs, self.failures = [], {}
        for view in self._views.values():
            view.rollback()
