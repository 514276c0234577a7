"""Every view of the page: its fragments, and what concerns them; the same for the page and for its stream."""

from dataclasses import dataclass

from infra.console import overview as o
from infra.console import rates
from infra.console.feed import Feed
from infra.console.history import Away, History
from infra.console.hub import Fragments, View
from infra.console.orders import STATES, Orders
from infra.console.overview import Overview
from infra.console.pulse import Pulse
from infra.console.render import Renderer
from infra.console.stock import FILTERS, PAGE, Search, Stock
from infra.console.store import Row, Store
from infra.console.watch import Watch


@dataclass(frozen=True)
class Sources:
    """Everything a view may read."""

    store: Store
    stock: Stock
    orders: Orders
    overview: Overview
    pulse: Pulse
    feed: Feed
    watch: Watch
    history: History


class Views:
    """Makes the views."""

    def __init__(self, sources: Sources, renderer: Renderer) -> None:
        self._s, self._r = sources, renderer

    def overview(self) -> View:
        """Health, tiles, flow, events."""
        return View("overview", self._build_overview, lambda changes: True)

    def stock(self, search: Search) -> View:
        """One page of the table."""
        key = f"stock {search.url(page=search.page)}"
        return View(key, lambda: self._build_stock(search), lambda changes: bool(changes.skus))

    def sku(self, sku: str) -> View:
        """One SKU; its story is asked of ClickHouse only when the SKU has changed."""
        return View(f"sku {sku}", lambda: self._build_sku(sku), lambda changes: sku in changes.skus)

    def orders(self, q: str, show: str) -> View:
        """The latest orders."""
        return View(f"orders {show} {q}", lambda: self._build_orders(q, show), lambda changes: bool(changes.orders))

    def order(self, order_key: str) -> View:
        """One order."""
        build = lambda: self._build_order(order_key)  # noqa: E731 - one line reads better than a nested function
        return View(f"order {order_key}", build, lambda changes: order_key in changes.orders)

    def _build_overview(self) -> Fragments:
        feed, around, overview = self._s.feed.state, self._s.watch.now, self._s.overview
        fragment = self._r.fragment
        return {
            "verdict": fragment("verdict", findings=overview.findings(feed, around)),
            "tiles": fragment(
                "tiles", t=overview.tiles(around), band=o.STOCK_ERROR_BAND, line=o.CANCELLATION_LINE,
                history_problem=around.rates.problem,
            ),
            "flow": fragment("flow", f=overview.flow(around)),
            "parts": fragment("parts", parts=overview.parts(feed, around), topics=overview.topics()),
            "events": fragment("events", events=overview.events(), shows_sku=True),
        }  # fmt: skip

    def _build_stock(self, search: Search) -> Fragments:
        stock = self._s.stock
        found = stock.matching(search)
        values = {
            "rows": stock.page(search), "columns": stock.columns(), "search": search, "found": found,
            "pages": max(1, -(-found // PAGE)), "counts": stock.counts(), "filters": FILTERS,
        }  # fmt: skip
        return {"rows": self._r.fragment("stock_rows", **values)}

    def _build_sku(self, sku: str) -> Fragments:
        row = self._s.stock.sku(sku)
        story, source, problem = self._story(sku)
        fragment = self._r.fragment
        return {
            "level": fragment("sku_level", row=row, sku=sku),
            "places": fragment("sku_places", row=row),
            "story": fragment("sku_story", row=row, story=story, source=source, problem=problem),
        }

    def _story(self, sku: str) -> tuple[list[Row], str, str]:
        try:
            story = rates.why(self._s.history, sku)
        except Away as away:
            return self._s.stock.events(sku), "kafka", str(away)
        return (story, "clickhouse", "") if story else (self._s.stock.events(sku), "kafka", "")

    def _build_orders(self, q: str, show: str) -> Fragments:
        orders = self._s.orders
        values = {"rows": orders.latest(q, show), "counts": orders.counts(), "states": STATES, "q": q, "show": show}
        return {"rows": self._r.fragment("order_rows", **values)}

    def _build_order(self, order_key: str) -> Fragments:
        order, events = self._s.orders.order(order_key), self._s.orders.events(order_key)
        fragment = self._r.fragment
        return {
            "order": fragment("order_head", order=order, order_key=order_key),
            "timeline": fragment("order_timeline", order=order, events=events),
        }
