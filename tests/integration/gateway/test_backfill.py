"""Orders that no webhook told are found at the shop, once each, with what only the shop's list can say."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from connectors.kafka.topics import apply_topics
from infra.local.stack import Stack
from infra.market.shops.base import ShopConfig
from infra.market.shops.server import ShopServer
from schemas.topics import ORDERS
from tests.integration.gateway.running import Gateway, records

pytestmark = pytest.mark.stack
NOBODY = "http://127.0.0.1:9"


async def found(stack: Stack, keys: set[str]) -> dict[str, dict[str, Any]]:
    """The records of these orders, when all are there."""
    async with asyncio.timeout(90):
        while True:
            told = await asyncio.to_thread(records, stack.env, ORDERS.name)
            mine = {r["order_key"]: r for r in told if r["order_key"] in keys}
            if mine.keys() == keys:
                assert len([r for r in told if r["order_key"] in keys]) == len(keys), "told more than once"
                return mine
            await asyncio.sleep(1)


def test_the_backfill_finds_what_no_webhook_told(stack: Stack, tmp_path: Path) -> None:
    apply_topics(stack.env["SKUSTREAM_BROKERS"])

    async def story() -> None:
        name = f"quiet{time.time_ns()}"
        configs = [
            ShopConfig(platform, name, "s", "key:secret", {"TEA": 50}) for platform in ("shopify", "woocommerce")
        ]
        server = ShopServer(configs, NOBODY)
        await server.start()
        gateway = Gateway(tmp_path, stack.env, server.shops_json())
        try:
            keys = set()
            for shop in server.shops.values():
                shop.sender.is_online = False
                key = shop.place([("TEA", 5)])
                assert key is not None
                order = shop.book.orders[shop.id_of(key)]
                shop.book.refund(order.order_id, order.lines[0].line_id, 2)
                keys.add(key)
            await asyncio.to_thread(gateway.start)
            for record in (await found(stack, keys)).values():
                assert (record["found_by"], record["status"]) == ("backfill", "paid")
                assert record["lines"][0]["quantity"] == 3
        finally:
            await asyncio.to_thread(gateway.stop)
            gateway.http.close()
            await server.stop()

    asyncio.run(story())
