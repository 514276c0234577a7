"""The pages and their streams."""

from collections.abc import AsyncIterator
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Header
from fastapi.responses import HTMLResponse, StreamingResponse
from markupsafe import Markup

from infra.console.hub import Hub, View
from infra.console.orders import STATES
from infra.console.render import Renderer
from infra.console.stock import Search, search_of
from infra.console.views import Views

LastEventId = Annotated[str, Header(alias="Last-Event-ID")]
Asked = Annotated[Search, Depends(search_of)]


def asked_orders(q: str = "", show: str = "all") -> tuple[str, str]:
    """The state of the order list in the URL, put right."""
    return q.strip()[:200], show if show in STATES else "all"


AskedOrders = Annotated[tuple[str, str], Depends(asked_orders)]


class EventStream(StreamingResponse):
    """Server-sent events that are formatted already."""

    media_type = "text/event-stream"


class Pages:
    """Answers with a page whose fragments are the view's, or with the view's stream."""

    def __init__(self, hub: Hub, views: Views, renderer: Renderer) -> None:
        self._hub, self.views, self._renderer = hub, views, renderer

    async def page(self, template: str, view: View, stream: str, **values: object) -> HTMLResponse:
        """The whole page; its stream goes on from exactly what the page shows."""
        fragments, since = await self._hub.fragments(view)
        address = f"/stream{stream}{'&' if '?' in stream else '?'}{urlencode({'since': since})}"
        marked = {name: Markup(html) for name, html in fragments.items()}  # noqa: S704 - rendered with escaping
        return HTMLResponse(self._renderer.page(template, f=marked, stream=address, **values))

    def stream(self, view: View, since: str, last_event_id: str) -> EventStream:
        """The view's stream, resumed by Last-Event-ID or else by the page's own `since`."""
        body: AsyncIterator[bytes] = self._hub.stream(view, last_event_id or since)
        return EventStream(body, headers={"x-accel-buffering": "no"})


def router(pages: Pages) -> APIRouter:
    """All pages and streams."""
    made = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    _overview(made, pages)
    _stock(made, pages)
    _orders(made, pages)
    return made


def _overview(made: APIRouter, pages: Pages) -> None:
    @made.get("/")
    async def overview() -> HTMLResponse:
        return await pages.page("overview", pages.views.overview(), "/overview", section="Overview")

    @made.get("/stream/overview")
    async def overview_stream(since: str = "", last_event_id: LastEventId = "") -> EventStream:
        return pages.stream(pages.views.overview(), since, last_event_id)


def _stock(made: APIRouter, pages: Pages) -> None:
    @made.get("/stock")
    async def stock(search: Asked) -> HTMLResponse:
        address = search.url(page=search.page)
        return await pages.page("stock", pages.views.stock(search), address, section="Stock", search=search)

    @made.get("/stream/stock")
    async def stock_stream(search: Asked, since: str = "", last_event_id: LastEventId = "") -> EventStream:
        return pages.stream(pages.views.stock(search), since, last_event_id)

    @made.get("/stock/{sku:path}")
    async def sku(sku: str) -> HTMLResponse:
        return await pages.page("sku", pages.views.sku(sku), f"/sku/{quote(sku, safe='')}", section="Stock", sku=sku)

    @made.get("/stream/sku/{sku:path}")
    async def sku_stream(sku: str, since: str = "", last_event_id: LastEventId = "") -> EventStream:
        return pages.stream(pages.views.sku(sku), since, last_event_id)


def _orders(made: APIRouter, pages: Pages) -> None:
    @made.get("/orders")
    async def orders(asked: AskedOrders) -> HTMLResponse:
        q, show = asked
        stream = f"/orders?{urlencode({'q': q, 'show': show})}"
        return await pages.page("orders", pages.views.orders(q, show), stream, section="Orders", q=q, show=show)

    @made.get("/stream/orders")
    async def orders_stream(asked: AskedOrders, since: str = "", last_event_id: LastEventId = "") -> EventStream:
        return pages.stream(pages.views.orders(*asked), since, last_event_id)

    @made.get("/orders/{order_key:path}")
    async def order(order_key: str) -> HTMLResponse:
        stream = f"/order/{quote(order_key, safe='')}"
        return await pages.page("order", pages.views.order(order_key), stream, section="Orders", order_key=order_key)

    @made.get("/stream/order/{order_key:path}")
    async def order_stream(order_key: str, since: str = "", last_event_id: LastEventId = "") -> EventStream:
        return pages.stream(pages.views.order(order_key), since, last_event_id)

