"""The HTTP side: raw bytes first, a judgement, durable, then the answer."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from connectors.gateway.durable import Durable
from connectors.gateway.judge import STATUS, Incoming, Judgement, Verdict, judge
from connectors.gateway.records import Records
from connectors.gateway.seen import Seen
from connectors.gateway.spool import SpoolFailed
from connectors.platforms.contract import Shop

MOST_BYTES = 1_048_576
READ_WITHIN_S = 5.0
MOST_IN_FLIGHT = 2000
PREFIX = "/webhooks/"
PROBLEM = "application/problem+json"
log = structlog.get_logger()


class Metrics:
    """What /metrics shows."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.webhooks = Counter(
            "gateway_webhooks", "Deliveries by verdict.", ["platform", "verdict"], registry=self.registry
        )
        self.seconds = Histogram(
            "gateway_seconds",
            "From the last byte read to durable.",
            buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5),
            registry=self.registry,
        )
        self.spooled = Gauge("gateway_spool_entries", "Deliveries waiting for Kafka.", registry=self.registry)
        self.backfilled = Counter(
            "gateway_found_by_backfill", "Order changes that no webhook told.", ["channel"], registry=self.registry
        )


class Directory(Protocol):
    """Where the shops are looked up; connectors.platforms.shops.Shops."""

    @property
    def by_name(self) -> Mapping[tuple[str, str], Shop]:
        """Shops by (platform, shop)."""
        ...


@dataclass(slots=True)
class State:
    """What the routes need; ``records`` is None until the registry has answered once."""

    shops: Directory
    durable: Durable
    metrics: Metrics
    records: Records | None = None
    in_flight: int = 0
    seen: Seen = field(default_factory=Seen)


def problem(status: int, title: str, detail: str, **more: str) -> Response:
    """A refusal after RFC 9457."""
    headers = {"Retry-After": "1"} if status in (429, 503) else None
    body = {"title": title, "status": status, "detail": detail, **more}
    return JSONResponse(body, status, headers=headers, media_type=PROBLEM)


class CutOff(Exception):
    """The sender went away before the body was whole."""


async def read_body(receive: Receive) -> tuple[bytes, bool]:
    """The raw body and whether it is larger than allowed; counted while reading, whatever Content-Length says."""
    body = b""
    async with asyncio.timeout(READ_WITHIN_S):
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise CutOff
            body += message.get("body", b"")
            if len(body) > MOST_BYTES:
                return body[:MOST_BYTES], True
            if not message.get("more_body", False):
                return body, False


STEADY: tuple[Verdict, ...] = ("accepted", "ignored")
GOOD: dict[Verdict, Response] = {verdict: JSONResponse({"verdict": verdict}, STATUS[verdict]) for verdict in STEADY}
"""Answers that never change, made once; a response keeps nothing of a request."""


def answer(judged: Judgement) -> Response:
    """The HTTP answer. An unknown shop and a bad signature look the same from outside."""
    if judged.status == 401:
        return problem(401, "signature refused", "the signature does not fit the body")
    if judged.status >= 400:
        return problem(judged.status, judged.verdict.replace("_", " "), judged.reason, field=judged.field)
    return GOOD.get(judged.verdict) or JSONResponse({"verdict": judged.verdict}, judged.status)


class Webhooks:
    """ASGI: takes POST /webhooks/{platform}/{shop} itself and leaves the rest to the FastAPI application.

    The framework's layers cost as much processor time as all of our own work on a webhook.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._rest = make_app(state)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"].startswith(PREFIX):
            response = await self._answer(scope, receive)
            await response(scope, receive, send)
        else:
            await self._rest(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        state = self._state
        if state.records is None:
            return problem(503, "not ready", "the schema registry has not answered yet")
        if state.in_flight >= MOST_IN_FLIGHT:
            return problem(503, "busy", f"{MOST_IN_FLIGHT} deliveries are under way")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if headers.get("content-encoding", "identity") != "identity":
            return problem(415, "compressed", "send the body as it is", field="Content-Encoding")
        state.in_flight += 1
        try:
            return await take(scope["path"], headers, receive, state, state.records)
        except TimeoutError:
            return problem(408, "too slow", f"the body did not arrive within {READ_WITHIN_S:.0f} s")
        except CutOff:
            return problem(400, "cut off", "the body did not arrive whole")
        except SpoolFailed as error:
            log.error("neither Kafka nor the spool took a delivery", problem=str(error))
            return problem(503, "not stored", "try again")
        finally:
            state.in_flight -= 1


async def take(path: str, headers: Mapping[str, str], receive: Receive, state: State, records: Records) -> Response:
    """Read, judge, store, answer. Raises TimeoutError, CutOff, SpoolFailed."""
    body, is_too_large = await read_body(receive)
    started = time.perf_counter()
    platform, _, shop = path.removeprefix(PREFIX).partition("/")
    incoming = Incoming(platform, shop, headers, body, time.time_ns() // 1_000_000, is_too_large)
    judged = judge(incoming, state.shops.by_name)
    await state.durable.put(records.of_delivery(incoming, judged))
    for order in judged.orders:
        state.seen.note(order["order_key"], order["source_version"])
    state.metrics.webhooks.labels(platform if judged.verdict != "unknown_shop" else "?", judged.verdict).inc()
    state.metrics.seconds.observe(time.perf_counter() - started)
    return answer(judged)


def make_app(state: State) -> FastAPI:
    """What an operator asks: is it alive, is it ready, how much."""
    app = FastAPI(title="Skustream gateway", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/livez")
    async def livez() -> dict[str, bool]:
        return {"alive": True}

    @app.get("/readyz")
    async def readyz() -> Response:
        return readiness(state)

    @app.get("/metrics")
    async def metrics() -> Response:
        state.metrics.spooled.set(state.durable.waiting)
        return Response(generate_latest(state.metrics.registry), media_type="text/plain; version=0.0.4")

    return app


def readiness(state: State) -> Response:
    """200 while deliveries can be made durable; says where they go and what waits."""
    ready = state.records is not None
    durable = state.durable
    body = {
        "ready": ready,
        "registry": "answered" if ready else "away",
        "stores_in": "spool" if durable.is_spooling else "kafka",
        "spool_entries": durable.waiting,
        "forwarded": durable.forwarded,
        "in_flight": state.in_flight,
        "shops": len(state.shops.by_name),
    }
    return JSONResponse(body, 200 if ready else 503)
