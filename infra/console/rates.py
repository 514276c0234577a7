"""The questions to ClickHouse's views: the rates, and the story of a SKU."""

from typing import Any

from infra.console.history import STORY_ROWS, Away, History, Rates
from infra.console.store import Row

STOCK_ERROR = "SELECT wrong AS part, listings AS whole FROM stock_error_rate WHERE platform = 'all'"
CANCELLATION = """
SELECT cause, sum(cancelled) AS part, sum(placed) AS whole
FROM cancellation_rate WHERE hour >= now() - INTERVAL 24 HOUR GROUP BY cause ORDER BY part DESC"""
OVERSELLS = "SELECT count() AS part FROM oversells WHERE occurred_at >= now() - INTERVAL 24 HOUR"
FRESHNESS = "SELECT hop, events, p50_ms, p99_ms FROM freshness ORDER BY place"
WHY = "SELECT * FROM why(sku = {sku:String}) ORDER BY recorded_at DESC, version DESC NULLS LAST LIMIT {rows:UInt32}"


def read(history: History) -> Rates:
    """All rates; what cannot be read stays empty, and `problem` says why. Blocking."""
    found = Rates(problem="")
    try:
        found.stock_error = share(history.query(STOCK_ERROR))
        causes = history.query(CANCELLATION)
        found.cancellation = share([row for row in causes if row["cause"] == "all"])
        found.causes = [{"cause": row["cause"], "orders": int(row["part"])} for row in causes if row["cause"] != "all"]
        found.oversells = int(history.query(OVERSELLS)[0]["part"])
        found.freshness = history.query(FRESHNESS)
    except Away as away:
        found.problem = str(away)
    return found


def share(rows: list[Row]) -> Row | None:
    """The part, the whole and the rate; None when there is nothing to compare."""
    if not rows or not rows[0]["whole"]:
        return None
    part, whole = int(rows[0]["part"]), int(rows[0]["whole"])
    return {"part": part, "whole": whole, "rate": part / whole}


def why(history: History, sku: str) -> list[Row]:
    """The story of a SKU, newest first, times in milliseconds. Raises Away."""
    return [told(row) for row in history.query(WHY, sku=sku, rows=STORY_ROWS)]


def told(row: dict[str, Any]) -> Row:
    """One row of the story as the page shows it."""
    return {**row, **{name: int(row[name].timestamp() * 1000) for name in ("at", "recorded_at")}}
