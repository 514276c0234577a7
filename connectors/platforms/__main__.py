"""``python -m connectors.platforms``: the publisher as a process."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import httpx
import structlog
from confluent_kafka import Message

from connectors.kafka.envelope import Origin, dead_letter
from connectors.kafka.ids import CachedIds
from connectors.kafka.producer import AsyncProducer
from connectors.platforms.api import RatedCaller
from connectors.platforms.contract import Shop
from connectors.platforms.publisher.belief import level_of
from connectors.platforms.publisher.cancellations import Cancellations, to_cancel
from connectors.platforms.publisher.desk import Desk
from connectors.platforms.publisher.memory import Memory
from connectors.platforms.publisher.outbox import Outbox, now_ms
from connectors.platforms.publisher.reader import DecisionReader, LevelReader, Record
from connectors.platforms.registry import BY_NAME
from connectors.platforms.shops import Shops
from connectors.process import run
from schemas.codec import Codec
from schemas.registry import Registry
from schemas.wire import StockLevel

NEEDS = ("SKUSTREAM_BROKERS", "SKUSTREAM_REGISTRY", "SKUSTREAM_SHOPS", "SKUSTREAM_STATE")
SHOPS_EVERY_S = 1.0
log = structlog.get_logger()


@dataclass
class Served:
    """A shop with its desk and the task that runs both halves."""

    desk: Desk
    cancellations: Cancellations
    task: asyncio.Task[None]


class Publisher:
    """Desks for all shops of shops.json; a shop whose address or token changed gets a new one."""

    def __init__(self, shops: Shops, http: httpx.AsyncClient, memory: Memory, outbox: Outbox) -> None:
        self._shops = shops
        self._http = http
        self._memory = memory
        self._outbox = outbox
        self._served: dict[tuple[str, str], Served] = {}
        self._stock: dict[str, StockLevel] = {}
        self.caught_up = asyncio.Event()

    def take_levels(self, levels: dict[str, StockLevel]) -> None:
        """New rows of the stock table."""
        self._stock.update(levels)
        for served in self._served.values():
            channel = served.desk.shop.channel
            served.desk.mark({sku: level_of(stock, channel) for sku, stock in levels.items()})

    def take_decisions(self, decisions: list[Record]) -> None:
        """Remember what is to be cancelled; durable when this returns."""
        wanted = [asked for name, decision in decisions if (asked := to_cancel(name, decision)) is not None]
        self._memory.add_cancellations(wanted)
        channels = {asked.channel for asked in wanted}
        for served in self._served.values():
            if served.desk.shop.channel in channels:
                served.cancellations.wake.set()

    async def run(self) -> None:
        """Serve the shops of shops.json as it changes, once the stock table has been read."""
        await self.caught_up.wait()
        log.info("stock table read", skus=len(self._stock))
        async with asyncio.TaskGroup() as tasks:
            while True:
                for name, shop in self._shops.by_name.items():
                    served = self._served.get(name)
                    if served is None or served.desk.shop != shop:
                        if served is not None:
                            served.task.cancel()
                        self._served[name] = self._serve(shop, tasks)
                await asyncio.sleep(SHOPS_EVERY_S)
                await asyncio.to_thread(self._shops.refresh)

    def _serve(self, shop: Shop, tasks: asyncio.TaskGroup) -> Served:
        platform = BY_NAME[shop.platform]
        client = platform.client(shop, RatedCaller(self._http, platform.limits))
        desk = Desk(shop, client, platform, self._memory, self._outbox)
        desk.mark({sku: level_of(stock, shop.channel) for sku, stock in self._stock.items()})
        cancellations = Cancellations(desk, client, self._memory, self._outbox)

        async def both() -> None:
            async with asyncio.TaskGroup() as halves:
                halves.create_task(desk.run())
                halves.create_task(cancellations.run())

        log.info("serving a shop", channel=shop.channel, url=shop.url)
        return Served(desk, cancellations, tasks.create_task(both()))


async def serve(environ: dict[str, str]) -> None:
    """Run all parts; the end of any of them ends the process, which its supervisor starts again."""
    folder = Path(environ["SKUSTREAM_STATE"]) / "publisher"
    brokers, group = environ["SKUSTREAM_BROKERS"], os.environ.get("SKUSTREAM_PUBLISHER_GROUP", "publisher")
    codec = Codec(CachedIds(Registry(environ["SKUSTREAM_REGISTRY"]), folder / "schema-ids.json"))
    kafka = AsyncProducer(brokers, "publisher")
    memory = Memory(folder / "memory.sqlite")

    def on_bad(topic: str, message: Message, error: Exception) -> None:
        log.error("record not readable, dead-lettered", topic=topic, offset=message.offset(), problem=str(error))
        place = (message.partition() or 0, message.offset() or 0)
        origin = Origin(topic, message.key() or b"", message.value() or b"", message.timestamp()[1], *place)
        letter = dead_letter(origin, (type(error).__name__, str(error), "decode"), now_ms())
        loop.call_soon_threadsafe(kafka.send, [letter])

    loop = asyncio.get_running_loop()
    limits = httpx.Limits(max_connections=64)
    try:
        async with httpx.AsyncClient(timeout=10, limits=limits) as http, asyncio.TaskGroup() as tasks:
            shops = Shops(Path(environ["SKUSTREAM_SHOPS"]))
            publisher = Publisher(shops, http, memory, Outbox(codec, kafka))
            levels = LevelReader(brokers, codec, on_bad)
            tasks.create_task(levels.run(publisher.take_levels, publisher.caught_up))
            tasks.create_task(DecisionReader(brokers, group, codec, on_bad).run(publisher.take_decisions))
            tasks.create_task(publisher.run())
    finally:
        await kafka.close()
        memory.close()


if __name__ == "__main__":
    sys.exit(run("publisher", NEEDS, serve))
