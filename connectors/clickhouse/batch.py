"""One batch on its way from Kafka to ClickHouse: rows by table, and how far each partition is done after it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from connectors.clickhouse.columns import SOURCE, Row
from connectors.clickhouse.history import HISTORY_TABLES, HistoryTable
from connectors.clickhouse.raw import Message


class Partition(NamedTuple):
    """A partition of a topic."""

    topic: str
    partition: int


class Batch:
    """Rows in the order of their records. Each row ends with the columns of SOURCE."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = {table.name: [] for table in HISTORY_TABLES}
        self.next_offsets: dict[Partition, int] = {}

    def add(self, table: HistoryTable, row: Row, message: Message) -> None:
        """Add a record's row."""
        source = (message.topic, message.partition, message.offset, message.timestamp)
        self.rows[table.name].append(row + source)

    def without(self, stored: Mapping[Partition, frozenset[int]]) -> "Batch":
        """The same batch less the rows whose offsets are stored already."""
        left = Batch()
        left.next_offsets = dict(self.next_offsets)
        for name, rows in self.rows.items():
            left.rows[name] = [row for row in rows if row[-2] not in stored.get(Partition(row[-4], row[-3]), ())]
        return left

    @property
    def size(self) -> int:
        """Rows in all tables."""
        return sum(len(rows) for rows in self.rows.values())


def column_names(table: HistoryTable) -> list[str]:
    """The names of a row's values, in order."""
    return [column.name for column in (*table.columns, *SOURCE)]


def as_columns(rows: list[Row]) -> list[tuple[Any, ...]]:
    """Rows turned into columns, the shape in which the driver packs them fastest."""
    return list(zip(*rows, strict=True))
