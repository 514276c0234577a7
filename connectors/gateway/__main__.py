"""``python -m connectors.gateway``: the gateway as a process."""

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import structlog
import uvicorn

from connectors.gateway.app import Metrics, State, Webhooks
from connectors.gateway.backfill import Backfill
from connectors.gateway.durable import Durable
from connectors.gateway.records import Records
from connectors.gateway.spool import Spool
from connectors.kafka.ids import CachedIds
from connectors.kafka.producer import AsyncProducer
from connectors.platforms.shops import Shops
from connectors.process import run
from schemas.codec import Codec, SchemaUnavailable
from schemas.registry import Registry

NEEDS = ("SKUSTREAM_BROKERS", "SKUSTREAM_REGISTRY", "SKUSTREAM_SHOPS", "SKUSTREAM_STATE", "SKUSTREAM_GATEWAY_PORT")
DELIVERY_TIMEOUT_MS = 2500
"""Half of the five seconds that platforms wait: the spool has the other half."""
REGISTRY_EVERY_S = 2.0
SHOPS_EVERY_S = 1.0
log = structlog.get_logger()


async def connect_registry(state: State, url: str, folder: Path) -> None:
    """Try until every schema has an id, from the registry or from the disk; until then the gateway says 503."""
    while state.records is None:
        codec = Codec(CachedIds(Registry(url), folder / "schema-ids.json"))
        try:
            state.records = await asyncio.to_thread(Records, codec)
        except SchemaUnavailable as error:
            log.error("the schema registry is away and no ids are kept: answering 503", problem=str(error))
            await asyncio.sleep(REGISTRY_EVERY_S)
    log.info("ready")


async def watch_shops(shops: Shops) -> None:
    """Take over a changed shops.json."""
    while True:
        await asyncio.sleep(SHOPS_EVERY_S)
        await asyncio.to_thread(shops.refresh)


class Server(uvicorn.Server):
    """uvicorn without its own signal handlers: the process has them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


async def listen(app: Webhooks, port: int) -> None:
    """Serve until cancelled, then let the requests under way end."""
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        http="httptools",
        ws="none",
        lifespan="off",
        proxy_headers=False,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    server = Server(config)
    try:
        await server.serve()
    except asyncio.CancelledError:
        await server.shutdown()
        raise


async def serve(environ: dict[str, str]) -> None:
    """Run all parts; the end of any of them ends the process, which its supervisor starts again."""
    folder = Path(environ["SKUSTREAM_STATE"]) / "gateway"
    shops = Shops(Path(environ["SKUSTREAM_SHOPS"]))
    spool = Spool(folder / "spool.sqlite")
    kafka = AsyncProducer(environ["SKUSTREAM_BROKERS"], "gateway", DELIVERY_TIMEOUT_MS)
    durable = Durable(kafka, spool)
    kafka.on_all_down = durable.broker_is_down
    state = State(shops, durable, Metrics())
    try:
        async with httpx.AsyncClient(timeout=10) as http, asyncio.TaskGroup() as tasks:
            tasks.create_task(durable.forward())
            tasks.create_task(watch_shops(shops))
            tasks.create_task(connect_registry(state, environ["SKUSTREAM_REGISTRY"], folder))
            tasks.create_task(Backfill(state, http, folder / "cursors.json").run())
            tasks.create_task(listen(Webhooks(state), int(environ["SKUSTREAM_GATEWAY_PORT"])))
    finally:
        await kafka.close()
        await spool.close()


if __name__ == "__main__":
    sys.exit(run("gateway", NEEDS, serve))
