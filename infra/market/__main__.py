"""``python -m infra.market``: the simulated market as a process."""

import asyncio
import json
import secrets
import sys
import time
from pathlib import Path

from connectors.erp.tryton.client import Tryton
from connectors.kafka.producer import AsyncProducer
from connectors.process import run
from infra.market import catalogue
from infra.market.control import listen, make_app
from infra.market.market import Market
from infra.market.sampler import Sampler
from infra.market.shops.base import ShopConfig
from infra.market.shops.server import ShopServer
from infra.market.warehouse import Warehouse
from infra.market.world import World
from schemas.codec import Codec
from schemas.registry import Registry

SHOPS = (("shopify", "north"), ("shopify", "south"), ("woocommerce", "garden"))
NEEDS = (
    "SKUSTREAM_BROKERS",
    "SKUSTREAM_REGISTRY",
    "SKUSTREAM_TRYTON",
    "SKUSTREAM_HOME",
    "SKUSTREAM_SHOPS",
    "SKUSTREAM_STATE",
    "SKUSTREAM_GATEWAY_PORT",
    "SKUSTREAM_MARKET_PORT",
    "SKUSTREAM_MARKET_SHOPS_PORT",
)


def shop_configs(folder: Path, skus: tuple[str, ...]) -> list[ShopConfig]:
    """The shops with secrets that are made once and kept in the process's folder; every listing starts at nothing."""
    file = folder / "secrets.json"
    known = json.loads(file.read_text()) if file.exists() else {}
    for platform, shop in SHOPS:
        # WooCommerce's key and secret go as one token, as they do in basic authentication
        token = (
            f"ck_{secrets.token_hex(20)}:cs_{secrets.token_hex(20)}"
            if platform == "woocommerce"
            else secrets.token_hex(24)
        )
        known.setdefault(f"{platform}:{shop}", {"secret": secrets.token_hex(24), "token": token})
    folder.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(json.dumps(known))
    listings = dict.fromkeys(skus, 0)
    return [ShopConfig(platform, shop, **known[f"{platform}:{shop}"], listings=listings) for platform, shop in SHOPS]


async def serve(env: dict[str, str]) -> None:
    """Open the shops and the control port, and stay."""
    skus = catalogue.skus(Path(env["SKUSTREAM_HOME"]) / "catalogue.json")
    gateway = f"http://127.0.0.1:{env['SKUSTREAM_GATEWAY_PORT']}"
    # ids go on from the clock: a restarted market must not give an order the number of an older one
    first = int(time.time()) * 10_000
    server = ShopServer(shop_configs(Path(env["SKUSTREAM_STATE"]), skus), gateway, first_id=first)
    await server.start(int(env["SKUSTREAM_MARKET_SHOPS_PORT"]))
    server.write_shops_json(Path(env["SKUSTREAM_SHOPS"]))
    codec = await asyncio.to_thread(lambda: Codec(Registry(env["SKUSTREAM_REGISTRY"])))
    producer = AsyncProducer(env["SKUSTREAM_BROKERS"], "market")
    world = World()
    warehouse = Warehouse(Tryton(env["SKUSTREAM_TRYTON"]), world, server.shops)
    market = Market(server, world, warehouse, Sampler(producer, codec, skus), skus)
    app = make_app(market.start, market.status, market.keys)
    control = await listen(app, int(env["SKUSTREAM_MARKET_PORT"]))
    try:
        await asyncio.Event().wait()
    finally:
        await control.cleanup()
        await server.stop()
        await producer.close()


if __name__ == "__main__":
    sys.exit(run("market", NEEDS, serve))
