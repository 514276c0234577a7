"""The console's own picture of the world: a private SQLite database, made anew at each start and gone at its end.

On disk, so that memory stays bounded with any number of SKUs, and with indexes, so that every page is a short query.
"""

import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

SCHEMA = """
CREATE TABLE stock (
  sku TEXT PRIMARY KEY, version INT, on_hand INT, reserved INT, safety INT, available INT, is_known INT,
  cause TEXT, cause_id TEXT, as_of INT, drift INT DEFAULT 0) WITHOUT ROWID;
CREATE INDEX stock_available ON stock (available, sku);
CREATE INDEX stock_reserved ON stock (reserved, sku);
CREATE INDEX stock_on_hand ON stock (on_hand, sku);
CREATE INDEX stock_as_of ON stock (as_of, sku);
CREATE INDEX stock_out ON stock (sku) WHERE available <= 0;
CREATE INDEX stock_oversold ON stock (sku) WHERE available < 0;
CREATE INDEX stock_drift ON stock (sku) WHERE drift > 0;
CREATE INDEX stock_unknown ON stock (sku) WHERE is_known = 0;
CREATE TABLE locations (sku TEXT, location TEXT, on_hand INT, PRIMARY KEY (sku, location)) WITHOUT ROWID;
CREATE TABLE channels (
  sku TEXT, channel TEXT, available INT, reserved INT, sold INT, PRIMARY KEY (sku, channel)) WITHOUT ROWID;
CREATE TABLE channel_names (channel TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE shown (
  sku TEXT, channel TEXT, quantity INT, at INT, how TEXT, PRIMARY KEY (sku, channel)) WITHOUT ROWID;
CREATE TABLE pushes (
  sku TEXT, channel TEXT, quantity INT, at INT, outcome TEXT, reason TEXT, PRIMARY KEY (sku, channel)) WITHOUT ROWID;
CREATE TABLE orders (
  order_key TEXT PRIMARY KEY, channel TEXT, status TEXT, source_version INT, lines TEXT, placed_at INT, decision TEXT,
  reasons TEXT, decided_at INT, erp_reference TEXT, erp_at INT, erp_delay INT, changed INT);
CREATE INDEX orders_changed ON orders (changed);
CREATE TABLE events (
  id INTEGER PRIMARY KEY, at INT, name TEXT, tone TEXT, sku TEXT, order_key TEXT, channel TEXT, text TEXT);
CREATE INDEX events_sku ON events (sku, id);
CREATE INDEX events_oversold ON events (id) WHERE name = 'StockOversold';
CREATE INDEX events_order ON events (order_key, id);
CREATE TABLE alerts (
  kind TEXT, subject TEXT, state TEXT, severity TEXT, summary TEXT, action TEXT, at INT, PRIMARY KEY (kind, subject));
"""
KEEP_ORDERS = 5_000
KEEP_EVENTS = 50_000
TRIM_EVERY = 200
"""Batches between two trims."""

Row = dict[str, Any]
Statement = tuple[str, Sequence[Any]]


@dataclass
class Changes:
    """What changed since the last look; the sets end as 'too many' rather than grow without bound."""

    skus: set[str] = field(default_factory=set)
    orders: set[str] = field(default_factory=set)
    any: bool = False


class Store:
    """One connection behind one lock: the feed's thread writes batches, the pages read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # an empty name is SQLite's private temporary database: a file without a name, its cache spills to disk
        self._db = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-2048;" + SCHEMA)
        self._changes = Changes()
        self._batches = 0

    def write(self, statements: Sequence[Statement], skus: set[str], orders: set[str]) -> None:
        """Carry out one batch, and work out again where the shops show other than they may for the SKUs it touched."""
        with self._lock:
            self._db.execute("BEGIN")
            for sql, values in statements:
                self._db.execute(sql, values)
            self._db.executemany(DRIFT, [(sku, sku) for sku in skus])
            self._batches += 1
            if self._batches % TRIM_EVERY == 0:
                self._trim()
            self._db.execute("COMMIT")
            self._changes.any = True
            self._changes.skus |= skus
            self._changes.orders |= orders

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """The rows of a query as plain dicts."""
        with self._lock:
            return [dict(row) for row in self._db.execute(sql, values)]

    def one(self, sql: str, values: Sequence[Any] = ()) -> Row | None:
        """The first row of a query, or None."""
        found = self.rows(sql, values)
        return found[0] if found else None

    def take_changes(self) -> Changes:
        """What changed since the last call."""
        with self._lock:
            taken, self._changes = self._changes, Changes()
        return taken

    def close(self) -> None:
        """Close; the database's file is gone with it."""
        with self._lock:
            self._db.close()

    def _trim(self) -> None:
        newest = self._db.execute("SELECT max(id) FROM events").fetchone()[0] or 0
        self._db.execute("DELETE FROM events WHERE id <= ?", (newest - KEEP_EVENTS,))
        self._db.execute(
            "DELETE FROM orders WHERE changed < (SELECT changed FROM orders ORDER BY changed DESC LIMIT 1 OFFSET ?)",
            (KEEP_ORDERS,),
        )


DRIFT = """
UPDATE stock SET drift = (SELECT count(*) FROM channels c JOIN shown s ON s.sku = c.sku AND s.channel = c.channel
                          WHERE c.sku = ? AND s.quantity <> c.available) WHERE sku = ?
"""
