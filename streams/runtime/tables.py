"""Faust's tables on committed stores: nothing is recovered by Faust, since a lease begins with complete stores."""

import asyncio
from collections.abc import Iterator
from typing import Any

from faust.stores.base import SerializedStore
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery
from faust.types import TP
from mode import Service

from streams.log import ENGINE
from streams.runtime.store import PartitionStore

SCHEME = "committed"


class Store(SerializedStore[Any, Any]):
    """Faust's read-only window on what is committed. Rows are written by the unit of work, after its commit."""

    logger = ENGINE

    def _stores(self) -> list[PartitionStore]:
        return self.app.unit_of_work.stores.open_of(self.table_name)  # type: ignore[attr-defined,no-any-return]

    def persisted_offset(self, tp: TP) -> int | None:
        """The store's own business; see PartitionStore.position."""
        return None

    async def need_active_standby_for(self, tp: TP) -> bool:
        """There are no standbys."""
        return False

    def _get(self, key: bytes) -> bytes | None:
        found = (store.get(key) for store in self._stores())
        return next((value for value in found if value is not None), None)

    def _contains(self, key: bytes) -> bool:
        return self._get(key) is not None

    def _iteritems(self) -> Iterator[tuple[bytes, bytes]]:
        for store in self._stores():
            yield from store.items()

    def _iterkeys(self) -> Iterator[bytes]:
        return (key for key, _ in self._iteritems())

    def _itervalues(self) -> Iterator[bytes | None]:
        return (value for _, value in self._iteritems())

    def _size(self) -> int:
        return sum(1 for _ in self._iteritems())

    def _set(self, key: bytes, value: bytes | None) -> None:
        raise NotImplementedError("rows are written by the unit of work: use tx.put in a handler")

    def _del(self, key: bytes) -> None:
        raise NotImplementedError("rows are deleted by the unit of work: use tx.delete in a handler")

    def reset_state(self) -> None:
        """Called by Faust's command line only."""
        raise NotImplementedError("stop the worker and remove its folder: it is rebuilt from the changelog")

    async def backup_partition(self, tp: TP | int, flush: bool = True, purge: bool = False, keep: int = 1) -> None:
        """The changelog is the backup."""
        raise NotImplementedError("the changelog is the backup")

    def restore_backup(self, tp: TP | int, latest: bool = True, backup_id: int = 0) -> None:
        """The changelog is the backup."""
        raise NotImplementedError("the changelog is the backup")

    def _clear(self) -> None:
        raise NotImplementedError("a committed store is never cleared from outside")


class NoRecovery(Recovery):
    """After an assignment the streams go on at once; the consumer makes the lease before its first fetch."""

    logger = ENGINE

    @Service.task
    async def _restart_recovery(self) -> None:
        while not self.should_stop:
            if await self.wait_for_stopped(self.signal_recovery_start):  # type: ignore[arg-type]
                break
            self.signal_recovery_start.clear()
            await self._resume_streams(generation_id=self._generation_id)

    @Service.task
    async def _slurp_changelogs(self) -> None:
        """Nobody subscribes to changelogs."""


class Tables(TableManager):
    """Faust's table manager without its one-second sleep, and without subscribing to changelogs."""

    logger = ENGINE

    @property
    def recovery(self) -> Recovery:
        """Made when first asked for."""
        if self._recovery is None:
            self._recovery = NoRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery

    async def on_start(self) -> None:
        """Called by mode."""
        await self._update_channels()
        await self.recovery.start()

    async def _update_channels(self) -> None:
        self._tables_finalized.set()
        for table in self.values():
            await table.maybe_start()
        await asyncio.sleep(0)
        self._tables_registered.set()
