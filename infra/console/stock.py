"""Questions about stock: a page of the table, its counts, one SKU."""

import time
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from infra.console.store import Row, Store

PAGE = 50
FILTERS: dict[str, tuple[str, str]] = {
    "all": ("All", "1"),
    "out": ("Sold out", "available <= 0"),
    "oversold": ("Oversold", "available < 0"),
    "drift": ("Shop differs", "drift > 0"),
    "unknown": ("Not in the ERP", "is_known = 0"),
}
"""Name in the URL -> words, condition (each has a partial index)."""
SORTS = ("sku", "on_hand", "reserved", "available", "as_of")
COUNT_SECONDS = 2.0
COUNTS = "SELECT " + ", ".join(
    f'(SELECT count(*) FROM stock WHERE {condition}) AS "{name}"'
    for name, (_, condition) in FILTERS.items()
)


@dataclass(frozen=True)
class Search:
    """The state of the table, as the URL holds it."""

    q: str = ""
    show: str = "all"
    sort: str = "sku"
    down: bool = False
    page: int = 1

    def url(self, **changes: Any) -> str:
        """The table's address with these changes; leaves out what is usual. Any change but of page starts at page 1."""
        other = replace(self, **{"page": 1, **changes})
        usual = Search()
        asked = {k: v for k, v in vars(other).items() if v != getattr(usual, k)}
        return "/stock" + ("?" + urlencode({k: int(v) if v is True else v for k, v in asked.items()}) if asked else "")


def search_of(q: str = "", show: str = "all", sort: str = "sku", down: bool = False, page: int = 1) -> Search:
    """A search with unknown values put right, so that an edited URL still shows a page."""
    return Search(
        q=q.strip()[:200],
        show=show if show in FILTERS else "all",
        sort=sort if sort in SORTS else "sku",
        down=down,
        page=min(max(1, page), 1_000_000),
    )


class Stock:
    """The questions; each is a short query on indexes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._counted: dict[str, int] = {}
        self._counted_at = -COUNT_SECONDS

    def counts(self) -> dict[str, int]:
        """SKUs by filter, and the units on hand, reserved and short; worked out at most every two seconds."""
        if time.monotonic() - self._counted_at >= COUNT_SECONDS:
            sums = "SELECT sum(on_hand) AS on_hand, sum(reserved) AS reserved_units FROM stock"
            found = {
                **(self._store.one(COUNTS) or {}),
                **(self._store.one(sums) or {}),
                **(self._store.one("SELECT -sum(available) AS short_units FROM stock WHERE available < 0") or {}),
            }
            self._counted = {name: int(value or 0) for name, value in found.items()}
            self._counted_at = time.monotonic()
        return self._counted

    def matching(self, search: Search) -> int:
        """How many SKUs the search finds."""
        if not search.q:
            return self.counts().get(search.show, 0)
        where, values = _where(search)
        found = self._store.one(f"SELECT count(*) AS n FROM stock WHERE {where}", values)
        return int(found["n"]) if found else 0

    def page(self, search: Search) -> list[Row]:
        """One page of rows, each with its channels."""
        where, values = _where(search)
        direction = "DESC" if search.down else "ASC"
        rows = self._store.rows(
            f"SELECT * FROM stock WHERE {where} ORDER BY {search.sort} {direction}, sku {direction} LIMIT ? OFFSET ?",
            (*values, PAGE, (search.page - 1) * PAGE),
        )
        by_sku: dict[str, dict[str, Row]] = {row["sku"]: {} for row in rows}
        for found in self._channels(list(by_sku)):
            by_sku[found["sku"]][found["channel"]] = found
        return [{**row, "channels": by_sku[row["sku"]]} for row in rows]

    def columns(self) -> list[str]:
        """The channels that have a column in the table: those of shops, in order."""
        found = self._store.rows("SELECT channel FROM channel_names WHERE channel LIKE '%:%' ORDER BY channel LIMIT 8")
        return [row["channel"] for row in found]

    def sku(self, sku: str) -> Row | None:
        """One SKU with locations, channels and what was last pushed to each; None when nobody told of it."""
        row = self._store.one("SELECT * FROM stock WHERE sku = ?", (sku,))
        if row is None:
            return None
        pushes = {p["channel"]: p for p in self._store.rows("SELECT * FROM pushes WHERE sku = ?", (sku,))}
        channels = [{**c, "push": pushes.get(c["channel"])} for c in self._channels([sku])]
        places = self._store.rows("SELECT location, on_hand FROM locations WHERE sku = ? ORDER BY 1", (sku,))
        return {**row, "locations": places, "channels": channels}

    def events(self, sku: str, limit: int = 100) -> list[Row]:
        """What the console itself saw happen to a SKU, newest first."""
        return self._store.rows("SELECT * FROM events WHERE sku = ? ORDER BY at DESC, id DESC LIMIT ?", (sku, limit))

    def _channels(self, skus: list[str]) -> list[Row]:
        return self._store.rows(
            f"""SELECT c.*, s.quantity AS shown, s.at AS shown_at, s.how AS shown_how FROM channels c
            LEFT JOIN shown s ON s.sku = c.sku AND s.channel = c.channel
            WHERE c.sku IN ({",".join("?" * len(skus))}) ORDER BY c.sku, c.channel""",
            skus,
        )


def _where(search: Search) -> tuple[str, tuple[str, ...]]:
    condition = FILTERS[search.show][1]
    if not search.q:
        return condition, ()
    return f"{condition} AND instr(lower(sku), lower(?)) > 0", (search.q,)
