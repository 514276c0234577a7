"""The market as a whole: shops, world, warehouse, sampler, and the run that is under way."""

import asyncio
from typing import Any

import structlog

from connectors.erp.tryton.client import ErpUnavailable
from infra.market.catalogue import units_per_order
from infra.market.control import RunWanted
from infra.market.run import Run, Tally
from infra.market.sampler import Sampler
from infra.market.shops.server import ShopServer
from infra.market.warehouse import Warehouse
from infra.market.world import World

SAMPLE_SECONDS = 2.0
WORK_SECONDS = 0.5
log = structlog.get_logger()


class Market:
    """One per process; everything happens in one loop, so a sample is one instant."""

    def __init__(
        self, server: ShopServer, world: World, warehouse: Warehouse, sampler: Sampler, skus: tuple[str, ...]
    ) -> None:
        self.server, self.world, self.warehouse, self.sampler, self.skus = server, world, warehouse, sampler, skus
        self.run: Run | None = None
        self._task: asyncio.Task[None] | None = None
        self._problem = ""
        for shop in server.shops.values():
            shop.on_ended = self._ended

    async def start(self, wanted: RunWanted) -> bool:
        """Begin a run; False while one is under way."""
        if self._task is not None and not self._task.done():
            return False
        self.run, self._problem = None, ""
        self._task = asyncio.create_task(self._go(wanted))
        self._task.add_done_callback(self._over)
        return True

    def status(self) -> dict[str, Any]:
        """What has happened and what is still under way."""
        shops = self.server.shops.values()
        tally = self.run.tally if self.run else Tally()
        is_over = self._task is not None and self._task.done()
        return {
            "about": "simulated: stand-in shops, shoppers from a seed",
            "is_done": is_over or (self.run is not None and self.run.is_done),
            "problem": self._problem,
            "run": tally.told(),
            "listed": sum(1 for shop in shops for shown in shop.listings().values() if shown > 0),
            "listings": len(self.skus) * len(shops),
            "listings_wrong": self._wrong() if self.world.on_hand else 0,
            "open_orders": len(self.world.open_orders),
            "shipped": self.warehouse.shipped,
            "received": self.warehouse.received,
            "samples": self.sampler.taken,
        }

    def keys(self) -> list[str]:
        """Order keys of the last run."""
        return self.run.tally.keys if self.run else []

    def _wrong(self) -> int:
        return sum(
            shop.listings().get(sku, 0) != self.world.sellable(sku)
            for shop in self.server.shops.values()
            for sku in self.skus
        )

    def _ended(self, order_key: str, how: str) -> None:
        if how == "cancelled":
            self.world.cancelled(order_key)

    def _over(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._problem = f"{type(error).__name__}: {error}"
            log.error("the market stopped", problem=self._problem)

    async def _go(self, wanted: RunWanted) -> None:
        await asyncio.to_thread(units_per_order)  # reads the baskets: seconds, once
        await self.warehouse.take_stock()
        self.run = Run(self.world, list(self.server.shops.values()), wanted.orders, wanted.seed, wanted.per_second)
        selling = asyncio.create_task(self.run.go())
        others = [asyncio.create_task(self._sample(selling)), asyncio.create_task(self._warehouse(selling))]
        try:
            await asyncio.gather(selling, *others)
        finally:
            for task in (selling, *others):
                task.cancel()

    async def _sample(self, selling: "asyncio.Task[None]") -> None:
        """Samples are taken while goods are sold: afterwards everything agrees, which proves little."""
        while not selling.done():
            self.sampler.take(self.world, {name: shop.listings() for name, shop in self.server.shops.items()})
            await asyncio.sleep(SAMPLE_SECONDS)

    async def _warehouse(self, selling: "asyncio.Task[None]") -> None:
        while not (selling.done() and self.warehouse.is_idle and not self.world.open_orders):
            try:
                await self.warehouse.work()
            except ErpUnavailable as error:
                log.warning("the ERP cannot be reached, the warehouse waits", problem=str(error))
            await asyncio.sleep(WORK_SECONDS)
