"""One run of the market: shoppers come by plan, buy what the shop shows, pay, change their mind."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import structlog

from infra.market.baskets import Basket, demand
from infra.market.plan import Visit, visits
from infra.market.shops.base import StandIn
from infra.market.world import World

log = structlog.get_logger()


@dataclass
class Tally:
    """What happened, by the market's own count."""

    wanted: int = 0
    placed: int = 0
    units: int = 0
    left: int = 0
    """Shoppers who found nothing of their basket."""
    lines_not_shown: int = 0
    cancels: int = 0
    keys: list[str] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """The figures without the keys."""
        return {name: value for name, value in asdict(self).items() if name != "keys"}


class Run:
    """Places ``orders`` orders at the shops; ``per_second`` shoppers come on average."""

    def __init__(self, world: World, shops: Sequence[StandIn], orders: int, seed: int, per_second: float) -> None:
        self.world, self.shops, self.tally = world, shops, Tally(wanted=orders)
        self._plan = visits(demand(), seed, len(shops), per_second)
        self._later: set[asyncio.Task[None]] = set()
        self.is_done = False

    async def go(self) -> None:
        """Until every order is placed and every change of mind has happened."""
        clock = asyncio.get_running_loop().time
        due = clock()
        while self.tally.placed < self.tally.wanted:
            visit = next(self._plan)
            due += visit.wait
            await asyncio.sleep(max(0.0, due - clock()))
            self._serve(visit)
        while self._later:
            await asyncio.gather(*self._later)
        self.is_done = True
        log.info("market run done", **self.tally.told())

    def _serve(self, visit: Visit) -> None:
        shop = self.shops[visit.shop]
        lines = self._found(shop, visit.basket)
        key = shop.place(lines, paid=visit.pays_after is None) if lines else None
        if key is None:
            self.tally.left += 1
            return
        self.tally.placed += 1
        self.tally.units += sum(quantity for _, quantity in lines)
        self.tally.keys.append(key)
        self.world.sold(key, dict(lines))
        if visit.pays_after is not None:
            self._in(visit.pays_after, lambda: self._pay(shop, key))
        if visit.cancels_after is not None:
            self._in((visit.pays_after or 0.0) + visit.cancels_after, lambda: self._cancel(shop, key))

    def _found(self, shop: StandIn, basket: Basket) -> list[tuple[str, int]]:
        shown = shop.listings()
        found = [(sku, quantity) for sku, quantity in basket if shown.get(sku, 0) >= quantity]
        self.tally.lines_not_shown += len(basket) - len(found)
        return found

    async def _pay(self, shop: StandIn, key: str) -> None:
        shop.pay(key)

    async def _cancel(self, shop: StandIn, key: str) -> None:
        if shop.cancel(key):
            self.tally.cancels += 1

    def _in(self, seconds: float, act: Callable[[], Awaitable[None]]) -> None:
        async def later() -> None:
            await asyncio.sleep(seconds)
            await act()

        task = asyncio.ensure_future(later())
        self._later.add(task)
        task.add_done_callback(self._later.discard)
