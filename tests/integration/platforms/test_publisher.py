"""The publisher as a process, on a real broker and registry, against the stand-in shops."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from connectors.kafka.envelope import Envelope
from connectors.kafka.producer import AsyncProducer, Message
from connectors.kafka.topics import apply_topics
from infra.local.stack import Stack
from infra.market.shops.base import ShopConfig, StandIn
from infra.market.shops.server import ShopServer
from schemas.codec import Codec
from schemas.registry import Registry
from schemas.topics import ORDER_DECISIONS, PUSHES, STOCK
from schemas.wire import OrderRejected, StockLevel
from tests.integration.gateway.running import records

pytestmark = pytest.mark.stack
SHOPS = (("shopify", "north", "t"), ("woocommerce", "west", "key:secret"))
NOBODY = "http://127.0.0.1:9"


async def until(what: Callable[[], bool], seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not what():
            await asyncio.sleep(0.05)


class Bench:
    """Shops, a publisher process, and a hand that writes the stock table."""

    def __init__(self, env: Mapping[str, str], folder: Path) -> None:
        self.env, self.folder = env, folder
        self.sku = f"SKU-{time.time_ns()}"
        configs = [ShopConfig(platform, shop, "s", token, {self.sku: 10}) for platform, shop, token in SHOPS]
        self.server = ShopServer(configs, NOBODY)
        self._envelope = Envelope(Codec(Registry(env["SKUSTREAM_REGISTRY"])), "skustream/test")
        self._kafka = AsyncProducer(env["SKUSTREAM_BROKERS"], "test")
        self._version = 0
        self._process: asyncio.subprocess.Process | None = None

    def shop(self, channel: str) -> StandIn:
        return self.server.shops[channel]

    def shown(self) -> dict[str, int]:
        return {channel: shop.listings()[self.sku] for channel, shop in self.server.shops.items()}

    async def start(self) -> None:
        shops = self.folder / "shops.json"
        if not self.server.url:
            await self.server.start()
            self.server.write_shops_json(shops)
        own = {"SKUSTREAM_SHOPS": str(shops), "SKUSTREAM_STATE": str(self.folder)}
        own["SKUSTREAM_PUBLISHER_GROUP"] = f"publisher {self.sku}"
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "connectors.platforms", env={**os.environ, **self.env, **own}
        )

    async def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None

    async def close(self) -> None:
        await self.kill()
        await self._kafka.close()
        await self.server.stop()

    async def write(self, on_hand: int, **sold: int) -> None:
        """The stock table's row: ``north`` and ``west`` say what was sold there."""
        self._version += 1
        available = on_hand - sum(sold.values())
        names = {shop: f"{platform}:{shop}" for platform, shop, _ in SHOPS}
        level: StockLevel = {
            "event_id": f"{self.sku}-{self._version}", "sku": self.sku, "version": self._version, "on_hand": on_hand,
            "reserved": sum(sold.values()), "safety_stock": 0, "available": available, "locations": {"w": on_hand},
            "channels": {
                names[shop]: {"available": max(0, available), "reserved": units, "sold": units}
                for shop, units in sold.items()
            },
            "is_known": True, "cause": "reserved", "cause_id": "test", "as_of": time.time_ns() // 1_000_000,
        }  # fmt: skip
        await self._send(self._envelope.message(STOCK.name, "StockLevel", self.sku, level, level["as_of"]))

    async def reject(self, key: str, units: int) -> None:
        now = time.time_ns() // 1_000_000
        decision: OrderRejected = {
            "event_id": f"reject {key}", "order_key": key, "channel": key.rpartition(":")[0], "reasons": ["oversold"],
            "placed_at": now, "occurred_at": now, "cause_id": "test",
            "lines": [{"line_id": "1", "sku": self.sku, "quantity": units}],
        }  # fmt: skip
        await self._send(self._envelope.message(ORDER_DECISIONS.name, "OrderRejected", key, decision, now))

    async def _send(self, message: Message) -> None:
        await self._kafka.send([message])


@asynccontextmanager
async def bench(stack: Stack, folder: Path) -> AsyncIterator[Bench]:
    apply_topics(stack.env["SKUSTREAM_BROKERS"])
    made = Bench(stack.env, folder)
    try:
        yield made
    finally:
        await made.close()


Story = Callable[[Bench], Awaitable[None]]


async def every_shop_follows_the_stock(b: Bench) -> None:
    await b.write(25)
    await b.start()
    await until(lambda: set(b.shown().values()) == {25})
    await b.write(7)
    await until(lambda: set(b.shown().values()) == {7})


async def a_sale_at_one_shop_lowers_the_other(b: Bench) -> None:
    await b.write(10)
    await b.start()
    assert b.shop("shopify:north").place([(b.sku, 3)])
    await b.write(10, north=3)
    await until(lambda: b.shown() == {"shopify:north": 7, "woocommerce:west": 7})


async def units_under_way_are_not_put_on_sale_again(b: Bench) -> None:
    await b.write(10)
    await b.start()
    await b.write(9)
    await until(lambda: set(b.shown().values()) == {9})
    # both shops sell, nobody has told the stock table yet, and it changes for another reason, twice
    for shop in b.server.shops.values():
        assert shop.place([(b.sku, 4)])
    for on_hand in (8, 7):
        await b.write(on_hand)
        await until(lambda wanted=on_hand - 4: set(b.shown().values()) == {wanted})  # type: ignore[misc]
    await b.write(7, north=4)
    await until(lambda: b.shown()["shopify:north"] == 3)


async def a_rejected_order_is_cancelled_at_its_shop(b: Bench) -> None:
    await b.write(10)
    await b.start()
    keys = {channel: shop.place([(b.sku, 2)]) for channel, shop in b.server.shops.items()}
    await b.write(10, north=2, west=2)
    for key in keys.values():
        assert key is not None
        await b.reject(key, 2)
    await b.write(0, north=0, west=0)
    for channel, key in keys.items():
        order = b.shop(channel).book.orders[int(str(key).rpartition(":")[2])]
        await until(lambda o=order: o.cancelled_at is not None and "oversold" in o.notes)  # type: ignore[misc]
    await until(lambda: set(b.shown().values()) == {0})


async def a_shop_that_was_away_gets_its_latest_values_once(b: Bench) -> None:
    await b.write(10)
    await b.start()
    shop = b.shop("shopify:north")
    await until(lambda: set(b.shown().values()) == {10})
    shop.dice.faults = shop.dice.faults.changed({"fail": 1.0})
    for on_hand in (9, 8, 7, 6):
        await b.write(on_hand)
    await until(lambda: b.shown()["woocommerce:west"] == 6)
    assert b.shown()["shopify:north"] == 10
    shop.dice.faults = shop.dice.faults.changed({"fail": 0.0})
    await until(lambda: b.shown()["shopify:north"] == 6)
    pushes = await asyncio.to_thread(records, b.env, PUSHES.name)
    mine = [p for p in pushes if p["sku"] == b.sku and p["channel"] == "shopify:north" and p["outcome"] == "accepted"]
    assert [p["quantity"] for p in mine] == [6]


async def killed_in_between_it_goes_on_where_it_was(b: Bench) -> None:
    await b.write(10)
    await b.start()
    await b.write(9)
    await until(lambda: set(b.shown().values()) == {9})
    await b.kill()
    assert b.shop("shopify:north").place([(b.sku, 4)])
    await b.write(8)
    await b.start()
    # the four units are under way: the stock table has not heard of them, the memory has the last belief
    await until(lambda: b.shown() == {"shopify:north": 4, "woocommerce:west": 8})


STORIES: tuple[Story, ...] = (
    every_shop_follows_the_stock,
    a_sale_at_one_shop_lowers_the_other,
    units_under_way_are_not_put_on_sale_again,
    a_rejected_order_is_cancelled_at_its_shop,
    a_shop_that_was_away_gets_its_latest_values_once,
    killed_in_between_it_goes_on_where_it_was,
)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_story(story: Story, stack: Stack, tmp_path: Path) -> None:
    async def run() -> None:
        async with bench(stack, tmp_path) as b:
            await story(b)

    asyncio.run(run())
