"""The overview's figures: what needs attention, the tiles, the hops, the parts."""

import time
from typing import Any

from infra.console.feed import FOLLOWED, FeedState
from infra.console.orders import Orders
from infra.console.pulse import Pulse
from infra.console.stock import Stock
from infra.console.store import Row, Store
from infra.console.watch import Surroundings

STOCK_ERROR_BAND = (0.15, 0.40)
"""What the trade reports without one stock table."""
CANCELLATION_LINE = 0.30
"""What a firm reported when its synchronisation failed."""
USUAL_CANCELLATION = 0.08
LAST_EVENTS = 14


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def finding(tone: str, title: str, detail: str, link: str = "") -> dict[str, str]:
    """One thing that needs attention."""
    return {"tone": tone, "title": title, "detail": detail, "link": link}


class Overview:
    """Puts together what the others know."""

    def __init__(self, store: Store, stock: Stock, orders: Orders, pulse: Pulse) -> None:
        self._store, self._stock, self._orders, self._pulse = store, stock, orders, pulse

    def findings(self, feed: FeedState, around: Surroundings) -> list[dict[str, str]]:
        """What needs attention, worst first."""
        found = [*self._feed(feed), *self._around(around), *self._alerts(), *self._oversold(), *rated(around)]
        return sorted(found, key=lambda item: ("bad", "warn").index(item["tone"]))

    def tiles(self, around: Surroundings) -> dict[str, Any]:
        """The figures of the first row."""
        orders, stock, now = self._orders.counts(), self._stock.counts(), now_ms()
        listed = self._store.one("SELECT count(*) AS n FROM shown") or {"n": 0}
        differ = self._store.one("SELECT coalesce(sum(drift), 0) AS n FROM stock WHERE drift > 0") or {"n": 0}
        oversells = self._store.one("SELECT count(*) AS n FROM events WHERE name = 'StockOversold'") or {"n": 0}
        ended = orders["cancelled"] + orders["rejected"]
        return {
            "orders": orders, "stock": stock, "per_second": self._pulse.per_second(now),
            "listings": listed["n"], "differ": differ["n"], "oversells": oversells["n"],
            "ended": ended, "causes": around.rates.causes or self._orders.causes(),
            "stock_error": around.rates.stock_error, "cancellation": around.rates.cancellation,
            "all_oversells": around.rates.oversells,
        }  # fmt: skip

    def flow(self, around: Surroundings) -> dict[str, Any]:
        """Hops by delay, groups by lag, topics by their newest record."""
        return {
            "hops": self._pulse.hops(now_ms()), "groups": around.groups, "problem": around.groups_problem,
            "topics": self.topics(), "freshness": around.rates.freshness,
        }  # fmt: skip

    def topics(self) -> list[dict[str, Any]]:
        """Every topic that is followed, who writes it, and when its newest record came."""
        return [{"topic": t.name, "owner": t.owner, "at": self._pulse.last_at.get(t.name)} for t in FOLLOWED]

    def events(self, limit: int = LAST_EVENTS) -> list[Row]:
        """The last events in words, newest first; a listing that was set as it should be is no news."""
        return self._store.rows(
            "SELECT * FROM events WHERE NOT (name = 'ListingPushed' AND tone = 'plain') ORDER BY id DESC LIMIT ?",
            (limit,),
        )

    def parts(self, feed: FeedState, around: Surroundings) -> list[dict[str, str]]:
        """Every part with a state in words; without a supervisor, those that the console itself talks to."""
        problem = around.rates.problem
        own = [
            {"name": "kafka", "tone": "good" if feed.is_connected else "bad", "state": feed.problem or "answers"},
            {"name": "clickhouse", "tone": "warn" if problem else "good", "state": problem or "answers"},
        ]
        if not around.parts:
            return own
        return [
            {"name": p.name, "tone": p.tone, "state": p.state + (f", {p.restarts} restarts" if p.restarts else "")}
            for p in around.parts
        ]

    def _feed(self, feed: FeedState) -> list[dict[str, str]]:
        found = []
        if feed.problem:
            found.append(finding("bad", "This page is cut off", feed.problem))
        elif not feed.is_caught_up:
            found.append(finding("warn", "Catching up", f"{feed.records:,} records read so far; figures still grow"))
        if feed.missing:
            found.append(finding("warn", "Topics are missing", ", ".join(feed.missing)))
        if feed.unreadable:
            found.append(finding("warn", "Records that cannot be read", f"{feed.unreadable:,} left out of this page"))
        return found

    def _around(self, around: Surroundings) -> list[dict[str, str]]:
        found = [
            finding("bad" if p.tone == "bad" else "warn", f"{p.name} {p.state}", p.error)
            for p in around.parts
            if p.tone != "good"
        ]
        for g in (g for g in around.groups if g.is_behind):
            late = f"{'over ' if g.is_at_least else ''}{g.seconds:.0f} s"
            found.append(finding("warn", f"{g.group} is behind", f"{late}, {g.records:,} records"))
        if around.rates.problem:
            found.append(finding("warn", "No history", around.rates.problem))
        return found

    def _alerts(self) -> list[dict[str, str]]:
        rows = self._store.rows("SELECT * FROM alerts WHERE state = 'open' ORDER BY at DESC LIMIT 20")
        return [
            finding("bad" if row["severity"] == "critical" else "warn", row["summary"], row["action"], _subject(row))
            for row in rows
        ]

    def _oversold(self) -> list[dict[str, str]]:
        counts = self._stock.counts()
        if not counts["oversold"]:
            return []
        many = "1 SKU is" if counts["oversold"] == 1 else f"{counts['oversold']:,} SKUs are"
        detail = f"{counts['short_units']:,} units more than there are; orders wait for a decision or a delivery"
        return [finding("bad", f"{many} oversold", detail, "/stock?show=oversold")]


def rated(around: Surroundings) -> list[dict[str, str]]:
    """Rates beyond what is usual."""
    found = []
    error, cancelled = around.rates.stock_error, around.rates.cancellation
    if error and error["rate"] >= STOCK_ERROR_BAND[0]:
        detail = f"{error['rate']:.1%} of listings in 24 h"
        found.append(finding("bad", "Shops show wrong stock", detail, "/stock?show=drift"))
    if cancelled and cancelled["rate"] > USUAL_CANCELLATION:
        tone = "bad" if cancelled["rate"] >= CANCELLATION_LINE else "warn"
        detail = f"{cancelled['rate']:.1%} of orders in 24 h"
        found.append(finding(tone, "Many cancellations", detail, "/orders?show=cancelled"))
    return found


def _subject(row: Row) -> str:
    return f"/stock?q={row['subject']}" if row["kind"] in ("unmapped_sku", "oversold", "negative_on_hand") else ""
