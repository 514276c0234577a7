"""The people in the warehouse: they ship what the ERP says is to be shipped, and refill what runs out."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from math import ceil

import structlog

from connectors.erp.tryton.client import Goods, Tryton
from infra.market.catalogue import MAIN, units_per_order
from infra.market.shops.base import StandIn
from infra.market.world import World

log = structlog.get_logger()


class Warehouse:
    """Ships orders some seconds after the ERP had them, in loads; refills a SKU for so many average orders."""

    LOAD = 20
    PACKING_SECONDS = 5.0
    REFILL_BELOW = 3
    REFILL_ORDERS = 80
    DELIVERY_SECONDS = 6.0

    def __init__(self, erp: Tryton, world: World, shops: Mapping[str, StandIn]) -> None:
        self._erp, self._world, self._shops = erp, world, shops
        self._seen: dict[str, float] = {}
        self._next_delivery = 0.0
        self.shipped = self.received = 0
        self.is_idle = False

    async def work(self) -> None:
        """One round: a load out, perhaps a delivery in. ``is_idle`` afterwards when nothing waits to be shipped."""
        waiting = await asyncio.to_thread(self._erp.orders_to_ship, 10 * self.LOAD)
        now = time.monotonic()
        self._seen = {key: self._seen.get(key, now) for key in waiting}
        ready = [key for key in waiting if now - self._seen[key] >= self.PACKING_SECONDS][: self.LOAD]
        if ready:
            await self._ship(ready)
        if now >= self._next_delivery:
            self._next_delivery = now + self.DELIVERY_SECONDS
            await self._refill()
        self.is_idle = not waiting

    async def _ship(self, keys: list[str]) -> None:
        outcomes = await asyncio.to_thread(self._erp.ship_all, keys)
        for key, outcome in outcomes.items():
            if outcome == "done":
                self._left(key)
        if odd := Counter(outcome for outcome in outcomes.values() if outcome != "done"):
            log.info("not everything could be shipped", outcomes=dict(odd))

    def _left(self, key: str) -> None:
        """The goods are out of the house: the truth changes, and the shop is told as staff do."""
        self._world.shipped(key)
        self.shipped += 1
        shop = self._shops.get(key.rpartition(":")[0])
        if shop is not None and shop.knows(key):
            shop.ship(key)

    async def take_stock(self) -> None:
        """Ship what an earlier run left behind, then count: the truth of a new run begins with this."""
        while waiting := await asyncio.to_thread(self._erp.orders_to_ship, self.LOAD):
            outcomes = await asyncio.to_thread(self._erp.ship_all, waiting)
            if "done" not in outcomes.values():
                log.warning("orders of an earlier run cannot be shipped", orders=waiting)
                break
        rows = await asyncio.to_thread(self._erp.stock_by_location)
        units: Counter[str] = Counter()
        for row in rows:
            units[row["sku"]] += row["on_hand"]
        self._world.start_with(units)

    async def _refill(self) -> None:
        low = [sku for sku in units_per_order() if self._world.sellable(sku) < self.REFILL_BELOW]
        if not low:
            return
        units = {sku: ceil(units_per_order()[sku] * self.REFILL_ORDERS) + 1 for sku in low}
        goods: list[Goods] = [{"sku": sku, "location": MAIN, "quantity": quantity} for sku, quantity in units.items()]
        # booked as they are unloaded: the truth changes when the ERP's transaction does, or as near as can be had
        await asyncio.to_thread(self._erp.receive, goods)
        self._world.received(units)
        self.received += sum(units.values())
