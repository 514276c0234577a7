"""What the publisher must not forget over a kill: beliefs, pushes without an answer, cancellations to do. SQLite."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import astuple
from pathlib import Path
from typing import NamedTuple

from connectors.platforms.publisher.belief import Belief

SCHEMA = """
CREATE TABLE IF NOT EXISTS belief (
  channel TEXT NOT NULL, sku TEXT NOT NULL, shown INTEGER NOT NULL, taken INTEGER NOT NULL,
  seen INTEGER NOT NULL, pending INTEGER,
  PRIMARY KEY (channel, sku)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cancellation (
  order_key TEXT PRIMARY KEY, channel TEXT NOT NULL, reason TEXT NOT NULL, units TEXT NOT NULL
) WITHOUT ROWID;
"""


class Kept(NamedTuple):
    """A belief, and the quantity of a push whose answer is not known (None: no such push)."""

    belief: Belief
    pending: int | None


class ToCancel(NamedTuple):
    """An order to cancel at its shop; ``units`` by SKU where they are known. Known ones are not put back on sale:
    the next push says how many there are."""

    order_key: str
    channel: str
    reason: str
    units: dict[str, int]


class Memory:
    """One file for all shops. Calls take about a millisecond and are made in the loop."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.executescript(SCHEMA)

    def beliefs(self, channel: str) -> dict[str, Kept]:
        """All beliefs about a shop, by SKU."""
        rows = self._database.execute(
            "SELECT sku, shown, taken, seen, pending FROM belief WHERE channel = ?", (channel,)
        )
        return {sku: Kept(Belief(shown, taken, seen), pending) for sku, shown, taken, seen, pending in rows}

    def keep(self, channel: str, kept: Iterable[tuple[str, Kept]]) -> None:
        """Write beliefs, before a push with its quantity as pending, after it without."""
        rows = [(channel, sku, *astuple(k.belief), k.pending) for sku, k in kept]
        with self._database:
            self._database.executemany("INSERT OR REPLACE INTO belief VALUES (?, ?, ?, ?, ?, ?)", rows)

    def to_cancel(self, channel: str) -> list[ToCancel]:
        """What is still to be cancelled at a shop."""
        query = "SELECT order_key, channel, reason, units FROM cancellation WHERE channel = ? ORDER BY order_key"
        return [
            ToCancel(order_key, shop, reason, json.loads(units))
            for order_key, shop, reason, units in self._database.execute(query, (channel,))
        ]

    def add_cancellations(self, wanted: Iterable[ToCancel]) -> None:
        """Remember orders to cancel; one that is there already stays one."""
        rows = [(w.order_key, w.channel, w.reason, json.dumps(w.units)) for w in wanted]
        with self._database:
            self._database.executemany("INSERT OR IGNORE INTO cancellation VALUES (?, ?, ?, ?)", rows)

    def cancelled(self, order_key: str) -> None:
        """The shop has answered."""
        with self._database:
            self._database.execute("DELETE FROM cancellation WHERE order_key = ?", (order_key,))

    def close(self) -> None:
        """Close the file."""
        self._database.close()
