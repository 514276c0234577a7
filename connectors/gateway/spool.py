"""The fsynced spool: where messages wait while Kafka is away. SQLite, one thread, one commit for all who wait."""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from connectors.kafka.producer import Message

T = TypeVar("T")
MOST_PAGES = 524_288
"""2 GiB of 4 KiB pages: then the gateway says 503 rather than filling the disk."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS spool (
  seq INTEGER NOT NULL, part INTEGER NOT NULL, topic TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL,
  headers TEXT NOT NULL, PRIMARY KEY (seq, part)
) WITHOUT ROWID
"""
Row = tuple[int, int, str, bytes, bytes, str]
Numbered = tuple[int, tuple[Message, ...]]


class SpoolFailed(Exception):
    """The spool could not store the messages (disk full, file broken): nothing was promised."""


class Spool:
    """Messages in the order of their sequence numbers. ``append`` returns only when they survive a power cut."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spool")
        self._waiting: list[tuple[list[Row], asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._database = self._thread.submit(_open, path).result()
        self.last, self.count = self._thread.submit(self._state).result()
        """The highest number stored at the start, and how many entries wait."""

    async def append(self, seq: int, messages: Iterable[Message]) -> None:
        """Store durably under a number that was not used before. Raises SpoolFailed."""
        rows = [
            (seq, part, m.topic, m.key, m.value, json.dumps([[k, _text(v)] for k, v in m.headers]))
            for part, m in enumerate(messages)
        ]
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((rows, done))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        await done

    async def first(self, limit: int) -> list[Numbered]:
        """The oldest entries, at most so many messages, whole entries only."""
        return await self._run(self._first, limit)

    async def remove(self, seqs: list[int]) -> None:
        """Forget entries that Kafka has."""
        await self._run(self._remove, seqs)
        self.count -= len(seqs)

    async def close(self) -> None:
        """Finish what waits and close the file."""
        if self._writer is not None:
            await self._writer
        await self._run(self._database.close)
        self._thread.shutdown()

    async def _write(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            try:
                await self._run(self._insert, [row for rows, _ in waiting for row in rows])
            except sqlite3.Error as error:
                for _, done in waiting:
                    if not done.done():
                        done.set_exception(SpoolFailed(str(error)))
                continue
            self.count += len(waiting)
            for _, done in waiting:
                if not done.done():
                    done.set_result(None)

    async def _run(self, call: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call, *arguments)

    def _insert(self, rows: list[Row]) -> None:
        with self._database:
            self._database.executemany("INSERT INTO spool VALUES (?, ?, ?, ?, ?, ?)", rows)

    def _first(self, limit: int) -> list[Numbered]:
        rows = self._database.execute(
            "SELECT seq, topic, key, value, headers FROM spool ORDER BY seq, part LIMIT ?", (limit + 1,)
        ).fetchall()
        entries: dict[int, list[Message]] = {}
        for seq, topic, key, value, headers in rows:
            headers_ = [(name, text) for name, text in json.loads(headers)]
            entries.setdefault(seq, []).append(Message(topic, key, value, headers_))
        if len(rows) > limit and len(entries) > 1:
            # the last entry may be cut
            entries.pop(rows[-1][0])
        return [(seq, tuple(messages)) for seq, messages in entries.items()]

    def _remove(self, seqs: list[int]) -> None:
        with self._database:
            self._database.executemany("DELETE FROM spool WHERE seq = ?", [(seq,) for seq in seqs])

    def _state(self) -> tuple[int, int]:
        last, count = self._database.execute("SELECT coalesce(max(seq), 0), count(DISTINCT seq) FROM spool").fetchone()
        return int(last), int(count)


def _open(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, check_same_thread=True)
    database.execute("PRAGMA journal_mode = WAL")
    # NORMAL would fsync at checkpoints only: an acknowledged webhook could be lost with the power
    database.execute("PRAGMA synchronous = FULL")
    database.execute(f"PRAGMA max_page_count = {MOST_PAGES}")
    with database:
        database.execute(SCHEMA)
    return database


def _text(value: str | bytes | None) -> str | None:
    return value.decode() if isinstance(value, bytes) else value
