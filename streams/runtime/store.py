"""The local copy of one partition of one table: a RocksDB that is written after the commit, so it never leads Kafka."""

import json
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rocksdict import BlockBasedOptions, Cache, DBCompressionType, Options, Rdict, WriteBatch

POSITION = b"\0skustream\0position"
BLOCK_CACHE = 32 * 1024 * 1024
WRITE_BUFFER = 16 * 1024 * 1024
RESERVED = b"\0skustream\0"


def _options() -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_write_buffer_size(WRITE_BUFFER)
    options.set_max_write_buffer_number(2)
    options.set_keep_log_file_num(2)
    options.set_compression_type(DBCompressionType.lz4())
    blocks = BlockBasedOptions()
    blocks.set_block_cache(Cache(BLOCK_CACHE))
    blocks.set_bloom_filter(10, block_based=False)
    options.set_block_based_table_factory(blocks)
    return options


class PartitionStore:
    """Opened by the worker that holds the partition, by nobody else. Not safe to use from two threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._db = self._open()
        self.get = self._db.get

    def _open(self) -> Any:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return Rdict(str(self.path), options=_options())
        except Exception as error:
            if "lock" in str(error).lower():
                raise
            # a torn or foreign folder: everything in it is in the changelog too
            shutil.rmtree(self.path, ignore_errors=True)
            return Rdict(str(self.path), options=_options())

    def position(self) -> tuple[int, float] | None:
        """The last changelog offset that this copy contains, and when it was written (unix seconds)."""
        raw = self.get(POSITION)
        if raw is None:
            return None
        offset, at = json.loads(raw)
        return int(offset), float(at)

    def write(self, rows: Iterable[tuple[bytes, bytes | None]], offset: int | None) -> None:
        """All rows and the changelog offset that they bring this copy to, at once; None deletes."""
        batch = WriteBatch(raw_mode=True)
        put, delete = batch.put, batch.delete
        for key, value in rows:
            if value is None:
                delete(key)
            else:
                put(key, value)
        if offset is not None:
            put(POSITION, json.dumps([offset, time.time()]).encode())
        self._db.write(batch)

    def items(self, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Rows in key order from ``start`` on."""
        for key, value in self._db.items(from_key=start) if start else self._db.items():
            if not key.startswith(RESERVED):
                yield key, value

    def close(self) -> None:
        """Free the folder for another opener."""
        self._db.close()

    def wipe(self) -> None:
        """Forget everything; the changelog has it."""
        self._db.close()
        shutil.rmtree(self.path, ignore_errors=True)
        self._db = self._open()
        self.get = self._db.get


class Stores:
    """All open stores of a worker, by table and partition."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[tuple[str, int], PartitionStore] = {}

    def of(self, table: str, partition: int) -> PartitionStore:
        """The store, opened if need be."""
        store = self._open.get((table, partition))
        if store is None:
            store = self._open[table, partition] = PartitionStore(self._folder / table / str(partition))
        return store

    def keep_only(self, partitions: set[int]) -> None:
        """Close the stores of every other partition."""
        for table, partition in [key for key in self._open if key[1] not in partitions]:
            self._open.pop((table, partition)).close()

    def open_of(self, table: str) -> list[PartitionStore]:
        """The stores of a table that are open now."""
        return [store for (name, _), store in self._open.items() if name == table]
