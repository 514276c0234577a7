"""The figures of a run, every one by SQL from ClickHouse, and the checks that decide whether the demo passed."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from connectors.clickhouse.client import Client, connect
from connectors.erp.tryton.client import OnHand

ONCE = {
    "movements": "event_id",
    "deliveries": "event_id",
    "decisions": "event_id",
    "reservation_events": "_topic, event_id",
}
"""History tables and what may stand in them only once."""


@dataclass
class Figures:
    """One run. Rates are shares of 1, times milliseconds unless said."""

    orders_sent: int = 0
    orders_stored: int = 0
    reservations: int = 0
    cancellations: int = 0
    cancellations_by_cause: dict[str, int] = field(default_factory=dict)
    orders_by_end: dict[str, int] = field(default_factory=dict)
    oversells: int = 0
    stock_error_rate: float = 0.0
    listings_compared: int = 0
    cancellation_rate: float = 0.0
    lost: int = 0
    duplicated: int = 0
    ledger_equals_table: bool = False
    ledger_equals_erp: bool = False
    listings_equal_stock: bool = False
    skus: int = 0
    freshness: dict[str, dict[str, float]] = field(default_factory=dict)
    freshness_p99_ms: float = 0.0
    events: int = 0
    events_per_s: float = 0.0
    dead_letters: int = 0
    seconds: float = 0.0

    @property
    def is_right(self) -> bool:
        """Nothing lost, nothing counted twice, and ledger, table and ERP say the same."""
        return not self.lost and not self.duplicated and self.ledger_equals_erp and self.ledger_equals_table

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {"schema_version": 1, "ok": self.is_right, **asdict(self)}


class Reader:
    """Asks ClickHouse about the orders of one run."""

    def __init__(self, url: str) -> None:
        self._client: Client = connect(url)

    def one(self, sql: str, **parameters: Any) -> Any:
        """The first value of the first row."""
        return self._client.query(sql, parameters=parameters).result_rows[0][0]

    def pairs(self, sql: str, **parameters: Any) -> dict[Any, Any]:
        """A two-column result as a mapping."""
        return {row[0]: row[1] for row in self._client.query(sql, parameters=parameters).result_rows}

    def ends(self, keys: list[str]) -> dict[str, int]:
        """How many of the orders are in each decision; open when none is made yet."""
        sql = "SELECT decision, count() FROM orders WHERE order_key IN {keys:Array(String)} GROUP BY decision"
        return self.pairs(sql, keys=keys)

    def collect(self, keys: list[str], erp: Iterable[OnHand]) -> Figures:
        """All figures but the clock's."""
        found = Figures(orders_sent=len(keys))
        self._orders(found, keys)
        self._doubles(found)
        self._stock(found, erp)
        self._rates(found)
        return found

    def _orders(self, found: Figures, keys: list[str]) -> None:
        ours = "order_key IN {keys:Array(String)}"
        found.orders_stored = self.one(f"SELECT uniqExact(order_key) FROM order_changes WHERE {ours}", keys=keys)
        found.orders_by_end = self.ends(keys)
        reserved = (
            f"SELECT uniqExact(sku, order_key, line_id) FROM reservation_events WHERE record LIKE 'Stock%' AND {ours}"
        )
        found.reservations = self.one(reserved, keys=keys)
        causes = f"SELECT cause, count() FROM orders WHERE cause != '' AND {ours} GROUP BY cause ORDER BY cause"
        found.cancellations_by_cause = self.pairs(causes, keys=keys)
        found.cancellations = sum(found.cancellations_by_cause.values())
        found.cancellation_rate = found.cancellations / found.orders_sent if found.orders_sent else 0.0
        found.oversells = self.one(f"SELECT count() FROM oversells WHERE {ours}", keys=keys)
        undecided = found.orders_by_end.get("open", 0)
        found.lost = found.orders_sent - found.orders_stored + undecided

    def _doubles(self, found: Figures) -> None:
        for table, identity in ONCE.items():
            found.duplicated += self.one(f"SELECT count() - uniqExact({identity}) FROM {table}")
        twice = "SELECT count() - uniqExact(order_key) FROM deliveries WHERE action = 'created'"
        found.duplicated += self.one(twice)
        found.lost += self.one(
            "SELECT sum(gap) FROM (SELECT max(version) - uniqExact(version) AS gap FROM movements GROUP BY sku)"
        )
        found.dead_letters = self.one("SELECT count() FROM dead_letters")
        found.events = self.one("SELECT count() FROM movements")

    def _stock(self, found: Figures, erp: Iterable[OnHand]) -> None:
        sql = "SELECT countIf(difference != 0) + sum(gaps) FROM ledger_vs_table"
        found.ledger_equals_table = self.one(sql) == 0
        ledger = self._client.query(
            "SELECT sku, location, sum(on_hand_delta) AS units FROM movements WHERE location != '' "
            "GROUP BY sku, location HAVING units != 0"
        ).result_rows
        found.ledger_equals_erp = {(r["sku"], r["location"]): r["on_hand"] for r in erp} == {
            (s, p): u for s, p, u in ledger
        }
        found.skus = self.one("SELECT uniqExact(sku) FROM stock_levels")

    def _rates(self, found: Figures) -> None:
        rows = self._client.query(
            "SELECT error_rate, listings FROM stock_error_rate WHERE platform = 'all'"
        ).result_rows
        if rows:
            found.stock_error_rate, found.listings_compared = rows[0]
        for hop, p50, p99 in self._client.query("SELECT hop, p50_ms, p99_ms FROM freshness").result_rows:
            found.freshness[hop] = {"p50_ms": p50, "p99_ms": p99}
        found.freshness_p99_ms = found.freshness.get("stock change to shop", {}).get("p99_ms", 0.0)
