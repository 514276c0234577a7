"""The console put together: sources, hub, pages, API, and what runs beside them."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from infra.console import api, pages
from infra.console.feed import Feed
from infra.console.history import History
from infra.console.hub import Hub
from infra.console.ids import ReadOnlyIds
from infra.console.orders import Orders
from infra.console.overview import Overview, now_ms
from infra.console.pulse import Pulse
from infra.console.render import STATIC, Renderer
from infra.console.security import HOSTS, SecurityHeaders
from infra.console.settings import Settings
from infra.console.stock import Stock
from infra.console.store import Store
from infra.console.views import Sources, Views
from infra.console.watch import Watch
from schemas.codec import Codec

NOT_READY = 503


@dataclass(frozen=True)
class Console:
    """The parts that the process starts and stops."""

    app: FastAPI
    hub: Hub
    sources: Sources


def build(settings: Settings) -> Console:
    """Everything, not yet running; it starts and stops with the app's lifespan."""
    sources = _sources(settings)
    stand_ins = {channel for channel, shop in settings.shops.items() if shop.is_stand_in}
    renderer = Renderer(is_simulated=settings.is_simulated, stand_ins=stand_ins, section="")
    hub = Hub(sources.store.take_changes, lambda: json.dumps(sources.pulse.sample(now_ms())))

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        sources.feed.start()
        tasks = [asyncio.create_task(hub.run()), asyncio.create_task(sources.watch.run(lambda: hub.watchers > 0))]
        try:
            yield
        finally:
            hub.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.to_thread(_stop, sources)

    app = FastAPI(title="Skustream console", version="1", summary="Stock, orders and health, read-only.",
                  docs_url=None, redoc_url=None, lifespan=lifespan)  # fmt: skip
    app.include_router(api.router(sources))
    app.mount("/static", Immutable(directory=STATIC), name="static")
    _health(app, sources)
    _errors(app, renderer)
    app.include_router(pages.router(pages.Pages(hub, Views(sources, renderer), renderer)))
    app.add_middleware(SecurityHeaders)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)
    return Console(app, hub, sources)


class Immutable(StaticFiles):
    """Files whose address holds the hash of their content."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        """The file, to be cached for ever."""
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response


def _sources(settings: Settings) -> Sources:
    store, pulse = Store(), Pulse()
    stock, orders = Stock(store), Orders(store)
    history = History(settings.clickhouse)
    feed = Feed(settings.brokers, Codec(ReadOnlyIds(settings.registry)), store, pulse)
    watch = Watch(settings.brokers, history, settings.home)
    return Sources(store, stock, orders, Overview(store, stock, orders, pulse), pulse, feed, watch, history)


def _stop(sources: Sources) -> None:
    sources.feed.stop()
    sources.history.close()
    sources.store.close()


def _health(app: FastAPI, sources: Sources) -> None:
    @app.get("/livez", summary="200 while the feed's thread is alive")
    def livez() -> JSONResponse:
        alive = sources.feed.is_alive
        return JSONResponse({"alive": alive}, 200 if alive else NOT_READY)

    @app.get("/readyz", summary="200 once the whole stock topic has been read; otherwise 503 and the reason")
    def readyz() -> JSONResponse:
        state = sources.feed.state
        ready = state.is_caught_up and state.is_connected
        reason = "" if ready else state.problem or "still reading the topics"
        return JSONResponse({"ready": ready, "reason": reason, "records": state.records}, 200 if ready else NOT_READY)


def _errors(app: FastAPI, renderer: Renderer) -> None:
    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        if request.url.path.startswith(("/api/", "/static/")):
            return JSONResponse({"detail": error.detail}, error.status_code)
        title = "There is no such page" if error.status_code == 404 else f"Error {error.status_code}"
        return HTMLResponse(renderer.page("error", title=title, detail=str(error.detail)), error.status_code)
