"""The sink's side of ClickHouse: writes batches, and knows which offsets are stored."""

from collections.abc import Callable, Iterable, Mapping

from clickhouse_connect.datatypes.base import ClickHouseType
from clickhouse_connect.datatypes.registry import get_from_name

from connectors.clickhouse.batch import Batch, Partition, as_columns, column_names
from connectors.clickhouse.client import Client
from connectors.clickhouse.columns import SOURCE
from connectors.clickhouse.history import HISTORY_TABLES, TABLE_OF, HistoryTable

# one insert is one block and is there when it is acknowledged: no server-side queue, no splitting by rows
INSERT_SETTINGS = {
    "async_insert": 0,
    "insert_deduplicate": 1,
    "max_insert_block_size": 1_048_576,
    "min_insert_block_size_rows": 1_048_576,
}


class Destination:
    """History tables and sink_offsets of one database. Methods raise what the driver raises."""

    def __init__(self, connect: Callable[[], Client]) -> None:
        self._connect = connect
        self._client: Client | None = None
        self._types: dict[str, list[ClickHouseType]] = {
            table.name: [get_from_name(column.type) for column in (*table.columns, *SOURCE)] for table in HISTORY_TABLES
        }

    def next_offsets(self) -> dict[Partition, int]:
        """The first offset of each partition that may not be stored."""
        query = "SELECT topic, partition, max(next_offset) FROM sink_offsets GROUP BY topic, partition"
        return {Partition(str(row[0]), int(row[1])): int(row[2]) for row in self._use().query(query).result_rows}

    def stored_from(self, starts: Mapping[Partition, int]) -> dict[Partition, frozenset[int]]:
        """Offsets at or after each start whose rows are stored although sink_offsets does not say so."""
        stored: dict[Partition, set[int]] = {partition: set() for partition in starts}
        for table in HISTORY_TABLES:
            wanted = {p: start for p, start in starts.items() if TABLE_OF.get(p.topic) is table}
            if wanted:
                for topic, partition, offset in self._offsets(table, wanted):
                    stored[Partition(topic, partition)].add(offset)
        return {partition: frozenset(offsets) for partition, offsets in stored.items()}

    def write(self, batch: Batch) -> None:
        """Store the rows, then the offsets. A crash between leaves rows that `stored_from` finds."""
        for table in HISTORY_TABLES:
            rows = batch.rows[table.name]
            if rows:
                self._use().insert(
                    table.name,
                    as_columns(rows),
                    column_names=column_names(table),
                    column_types=self._types[table.name],
                    column_oriented=True,
                    settings=INSERT_SETTINGS,
                )
        offsets = [(p.topic, p.partition, offset) for p, offset in batch.next_offsets.items()]
        self._use().insert(
            "sink_offsets", offsets, column_names=["topic", "partition", "next_offset"], settings=INSERT_SETTINGS
        )

    def _offsets(self, table: HistoryTable, starts: Mapping[Partition, int]) -> Iterable[tuple[str, int, int]]:
        clause = " OR ".join(
            f"(_topic = '{p.topic}' AND _partition = {p.partition} AND _offset >= {start})"
            for p, start in starts.items()
        )
        query = f"SELECT _topic, _partition, _offset FROM {table.name} WHERE {clause}"
        return [(str(row[0]), int(row[1]), int(row[2])) for row in self._use().query(query).result_rows]

    def _use(self) -> Client:
        if self._client is None:
            self._client = self._connect()
        return self._client
