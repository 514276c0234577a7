"""Questions about orders: the latest ones, one with its timeline."""

import json
from typing import Any

from infra.console.store import Row, Store

LATEST = 100
STATES: dict[str, tuple[str, str]] = {
    "all": ("All", "1"),
    "open": ("Undecided", "decision IS NULL"),
    "accepted": ("Accepted", "decision = 'accepted'"),
    "rejected": ("Rejected", "decision = 'rejected'"),
    "cancelled": ("Cancelled", "decision = 'cancelled'"),
    "completed": ("Completed", "decision = 'completed'"),
}
TONES = {"accepted": "good", "completed": "good", "rejected": "bad", "cancelled": "warn"}


class Orders:
    """The questions, over the last orders that the console keeps."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def latest(self, q: str = "", show: str = "all", limit: int = LATEST) -> list[Row]:
        """The orders that changed last, newest first."""
        condition = STATES[show if show in STATES else "all"][1]
        rows = self._store.rows(
            f"SELECT * FROM orders WHERE {condition} AND (? = '' OR instr(lower(order_key), lower(?)) > 0)"
            " ORDER BY changed DESC LIMIT ?",
            (q, q, limit),
        )
        return [_whole(row) for row in rows]

    def counts(self) -> dict[str, int]:
        """Orders by state among those kept."""
        parts = ", ".join(f'sum({condition}) AS "{name}"' for name, (_, condition) in STATES.items())
        found = self._store.one(f"SELECT {parts} FROM orders") or {}
        return {name: int(value or 0) for name, value in found.items()}

    def causes(self) -> list[Row]:
        """Cancelled and rejected orders by their first reason, most frequent first."""
        found: dict[tuple[str, str], int] = {}
        for row in self._store.rows(
            "SELECT decision, reasons, count(*) AS n FROM orders"
            " WHERE decision IN ('rejected', 'cancelled') GROUP BY 1, 2"
        ):
            key = (row["decision"], (row["reasons"] or "no reason given").split(",")[0])
            found[key] = found.get(key, 0) + row["n"]
        most = sorted(found.items(), key=lambda item: -item[1])
        return [{"decision": decision, "cause": cause, "orders": n} for (decision, cause), n in most]

    def order(self, order_key: str) -> Row | None:
        """One order; None when the console does not have it."""
        row = self._store.one("SELECT * FROM orders WHERE order_key = ?", (order_key,))
        return _whole(row) if row else None

    def events(self, order_key: str) -> list[Row]:
        """The order's story, oldest first."""
        return self._store.rows("SELECT * FROM events WHERE order_key = ? ORDER BY at, id LIMIT 500", (order_key,))


def _whole(row: Row) -> dict[str, Any]:
    lines = json.loads(row["lines"]) if row["lines"] else []
    decided = row["decided_at"] - row["placed_at"] if row["decided_at"] and row["placed_at"] else None
    return {
        **row,
        "lines": lines,
        "units": sum(line["quantity"] for line in lines),
        "tone": TONES.get(row["decision"] or "", "plain"),
        "decided_ms": max(0, decided) if decided is not None else None,
    }
