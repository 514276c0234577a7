"""The JSON beside the pages: the same data, documented by OpenAPI."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException

from infra.console import rates
from infra.console.history import Away
from infra.console.overview import now_ms
from infra.console.pulse import SERIES, STEP_MS
from infra.console.stock import PAGE, Search, search_of
from infra.console.views import Sources

NOT_FOUND = 404
UNAVAILABLE = 503


def router(s: Sources) -> APIRouter:
    """The routes under /api/v1."""
    made = APIRouter(prefix="/api/v1")

    @made.get("/overview", summary="Health, figures, delays and lag in one document")
    def overview() -> dict[str, Any]:
        feed, around = s.feed.state, s.watch.now
        return {
            "findings": s.overview.findings(feed, around),
            "figures": s.overview.tiles(around),
            "flow": {**s.overview.flow(around), "groups": [vars(group) for group in around.groups]},
            "parts": s.overview.parts(feed, around),
            "events": s.overview.events(),
        }

    @made.get("/series", summary="Events per second of the last ten minutes, one column per line")
    def series() -> dict[str, Any]:
        return {"names": ["time", *SERIES], "step_seconds": STEP_MS / 1000, "columns": s.pulse.series(now_ms())}

    _stock(made, s)
    _orders(made, s)
    return made


def _stock(made: APIRouter, s: Sources) -> None:
    @made.get("/stock", summary="One page of the stock table")
    def stock(search: Annotated[Search, Depends(search_of)]) -> dict[str, Any]:
        return {
            "found": s.stock.matching(search), "page": search.page, "page_size": PAGE, "counts": s.stock.counts(),
            "rows": [{**row, "channels": list(row["channels"].values())} for row in s.stock.page(search)],
        }  # fmt: skip

    @made.get("/stock/{sku:path}/why", summary="The ordered story of a SKU from ClickHouse, newest first")
    def why(sku: str) -> list[dict[str, Any]]:
        try:
            return rates.why(s.history, sku)
        except Away as away:
            raise HTTPException(UNAVAILABLE, str(away)) from away

    @made.get("/stock/{sku:path}", summary="One SKU with its locations and channels")
    def sku(sku: str) -> dict[str, Any]:
        row = s.stock.sku(sku)
        if row is None:
            raise HTTPException(NOT_FOUND, f"nobody has told of SKU {sku}")
        return {**row, "events": s.stock.events(sku, 50)}


def _orders(made: APIRouter, s: Sources) -> None:
    @made.get("/orders", summary="The orders that changed last")
    def orders(q: str = "", show: str = "all") -> dict[str, Any]:
        return {"counts": s.orders.counts(), "rows": s.orders.latest(q, show)}

    @made.get("/orders/{order_key:path}", summary="One order with its timeline")
    def order(order_key: str) -> dict[str, Any]:
        found = s.orders.order(order_key)
        if found is None:
            raise HTTPException(NOT_FOUND, f"order {order_key} is not among those kept here")
        return {**found, "events": s.orders.events(order_key)}
