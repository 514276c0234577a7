"""One shop's desk: collects what has changed, calls the shop as often as it allows, learns from its answers."""

import asyncio
import time
import uuid
from collections.abc import Iterable, Mapping

import structlog

from connectors.platforms.contract import (
    CallFailed,
    Listing,
    Platform,
    Push,
    Pushed,
    Refused,
    Shop,
    ShopClient,
    Throttled,
)
from connectors.platforms.publisher import belief as rule
from connectors.platforms.publisher.belief import Belief, Level
from connectors.platforms.publisher.breaker import Breaker
from connectors.platforms.publisher.memory import Kept, Memory
from connectors.platforms.publisher.outbox import Outbox

REFRESH_S = 20.0
SETTLE_S = 900.0
"""After so long without a move nothing can be under way; an outage of webhooks must not outlast it."""
SETTLE_UNCOMPARED_S = 60.0
"""Sooner where the shop has no compare-and-swap: what happens between our look and our write is missed there."""
COALESCE_S = 0.02
log = structlog.get_logger()


class Desk:
    """Keeps one shop's listings; one loop, so that no two calls about the same SKU are ever under way."""

    def __init__(self, shop: Shop, client: ShopClient, platform: Platform, memory: Memory, outbox: Outbox) -> None:
        self.shop = shop
        self._client = client
        self._limits, self._compares = platform.limits, platform.compares
        self._memory = memory
        self._outbox = outbox
        self._listings: dict[str, Listing] = {}
        self._kept = memory.beliefs(shop.channel)
        self._moved: dict[str, float] = {}
        self._levels: dict[str, Level] = {}
        self._dirty: dict[str, None] = {}
        self._doubted: set[str] = set()
        self._given_back: list[Mapping[str, int]] = []
        self._must_refresh = False
        self._wake = asyncio.Event()
        self._breaker = Breaker()
        self._attempts = 1

    @property
    def waiting(self) -> int:
        """SKUs that may need a push."""
        return len(self._dirty)

    def mark(self, levels: Mapping[str, Level]) -> None:
        """New levels: the latest per SKU wins, whatever waits."""
        now = time.monotonic()
        for sku, level in levels.items():
            self._levels[sku] = level
            self._moved[sku] = now
            self._dirty[sku] = None
        self._wake.set()

    def look(self, skus: Iterable[str]) -> None:
        """Something else than a push has changed these at the shop (none given: anything): look before the next."""
        chosen = list(skus)
        self._must_refresh |= not chosen
        self._doubted.update(chosen)
        self._dirty.update(dict.fromkeys(chosen))
        self._wake.set()

    def given_back(self, units: Mapping[str, int]) -> None:
        """An order was cancelled at the shop without its units going on sale: the shop has taken that much less."""
        self._given_back.append(units)
        self.look(units)

    async def run(self) -> None:
        """Push what has changed until cancelled; a shop that is away gets its latest values once when it is back."""
        refresh_at = 0.0
        while True:
            self._take_back()
            try:
                if self._must_refresh or time.monotonic() >= refresh_at:
                    await self._refresh()
                    refresh_at = time.monotonic() + REFRESH_S
                if self._dirty:
                    await self._flush()
                self._answered()
            except CallFailed as problem:
                await self._pause(problem)
                continue
            if not self._dirty and not self._must_refresh:
                self._wake.clear()
                await self._sleep_until(refresh_at)

    async def _sleep_until(self, refresh_at: float) -> None:
        try:
            async with asyncio.timeout(max(0.0, refresh_at - time.monotonic())):
                await self._wake.wait()
        except TimeoutError:
            return
        # what comes within a moment goes in the same call
        await asyncio.sleep(COALESCE_S)

    def _take_back(self) -> None:
        """Between two calls only: a call under way would overwrite the belief with what it began with."""
        while self._given_back:
            units = self._given_back.pop()
            known = {sku: self._kept[sku] for sku in units if sku in self._kept}
            self._keep((sku, Kept(rule.given_back(k.belief, units[sku]), k.pending)) for sku, k in known.items())

    async def _refresh(self) -> None:
        self._must_refresh = False
        listings = await self._client.fetch_listings()
        self._listings = listings
        self._learn(listings)
        self._settle()
        self._outbox.tell_listings(self.shop, listings.values())
        self._dirty.update(dict.fromkeys(listings))

    def _learn(self, listings: Mapping[str, Listing]) -> None:
        """Take what the shop shows into the beliefs."""
        changed = []
        for sku, listing in listings.items():
            level, kept = self._levels.get(sku), self._kept.get(sku)
            if level is None:
                continue
            if kept is None:
                new = rule.first_sight(listing.shown, level.sold)
            elif kept.pending is not None:
                new = rule.after_doubt(kept.belief, kept.pending, listing.shown, level.sold)
            else:
                new = rule.observed(kept.belief, listing.shown, level.sold)
            if kept is None or kept.pending is not None or new != kept.belief:
                self._moved[sku] = time.monotonic()
                changed.append((sku, Kept(new, None)))
        self._keep(changed)

    def _settle(self) -> None:
        after = SETTLE_S if self._compares else SETTLE_UNCOMPARED_S
        changed = []
        for sku, kept in self._kept.items():
            level = self._levels.get(sku)
            if level is None or kept.belief.taken == level.sold:
                continue
            if time.monotonic() - self._moved.setdefault(sku, time.monotonic()) > after:
                log.warning("a shop's sales and ours disagree for long: ours are taken", channel=self.shop.channel,
                            sku=sku, taken=kept.belief.taken, sold=level.sold)  # fmt: skip
                changed.append((sku, Kept(rule.settled(kept.belief, level.sold), None)))
        self._keep(changed)

    async def _flush(self) -> None:
        chosen = [sku for _, sku in zip(range(self._limits.levels_per_call), self._dirty, strict=False)]
        for sku in chosen:
            del self._dirty[sku]
        try:
            await self._push(chosen)
        except CallFailed:
            self._dirty.update(dict.fromkeys(chosen))
            raise

    async def _push(self, skus: list[str]) -> None:
        listed = [sku for sku in skus if sku in self._listings and sku in self._levels]
        in_doubt = [sku for sku in listed if self._is_in_doubt(sku) or self._is_skewed(sku)]
        wanted = self._wanted(listed)
        look = [push.listing.sku for push in wanted] if not self._compares else []
        if look or in_doubt:
            await self._client.reserve(2)
            self._learn(await self._client.fetch_listings(list(dict.fromkeys(in_doubt + look))))
            self._doubted.difference_update(in_doubt)
            wanted = self._wanted(listed)
        if wanted:
            await self._publish(wanted)

    def _is_in_doubt(self, sku: str) -> bool:
        kept = self._kept.get(sku)
        return kept is None or kept.pending is not None or sku in self._doubted

    def _is_skewed(self, sku: str) -> bool:
        return rule.is_doubtful(self._kept[sku].belief, self._levels[sku].sold)

    def _wanted(self, skus: list[str]) -> list[Push]:
        pushes = []
        for sku in skus:
            if self._is_in_doubt(sku):
                continue
            kept, level = self._kept[sku], self._levels[sku]
            now = rule.expected(kept.belief, level.sold)
            quantity = rule.target(now, level)
            if quantity != now.shown:
                pushes.append(Push(self._listings[sku], quantity, now.shown))
        return pushes

    async def _publish(self, pushes: list[Push]) -> None:
        levels = {push.listing.sku: self._levels[push.listing.sku] for push in pushes}
        before = {
            p.listing.sku: rule.expected(self._kept[p.listing.sku].belief, levels[p.listing.sku].sold) for p in pushes
        }
        self._keep([(p.listing.sku, Kept(before[p.listing.sku], p.quantity)) for p in pushes])
        try:
            answers = await self._client.publish(pushes, str(uuid.uuid4()))
        except (Throttled, Refused):
            # the shop has said that it did nothing
            self._keep([(sku, Kept(known, None)) for sku, known in before.items()])
            raise
        conflicts = [done.push.listing.sku for done in answers if done.outcome == "conflict"]
        self._keep([self._after(done, before[done.push.listing.sku]) for done in answers])
        self._outbox.tell_pushes(self.shop, ((done, levels[done.push.listing.sku]) for done in answers), self._attempts)
        if conflicts:
            self._learn(await self._client.fetch_listings(conflicts))
            self._dirty.update(dict.fromkeys(conflicts))

    @staticmethod
    def _after(done: Pushed, before: Belief) -> tuple[str, Kept]:
        if done.outcome in ("accepted", "clamped"):
            return done.push.listing.sku, Kept(rule.pushed(before, done.shown), None)
        return done.push.listing.sku, Kept(before, None)

    def _keep(self, kept: Iterable[tuple[str, Kept]]) -> None:
        rows = list(kept)
        if rows:
            self._memory.keep(self.shop.channel, rows)
            self._kept.update(rows)

    def _answered(self) -> None:
        self._attempts = 1
        if self._breaker.succeeded():
            log.info("the shop answers again", channel=self.shop.channel)
            self._outbox.alarm("shop_away", self.shop.channel, "The shop answers again.", "", is_open=False)

    async def _pause(self, problem: CallFailed) -> None:
        self._attempts += 1
        if isinstance(problem, Throttled):
            await asyncio.sleep(problem.retry_after)
            return
        was_open = self._breaker.is_open
        pause = self._breaker.failed()
        log.warning("shop call failed", channel=self.shop.channel, problem=str(problem), pause_s=round(pause, 1))
        if self._breaker.is_open and not was_open:
            action = "Nothing is lost: it gets its latest quantities when it is back. Look at the shop's own status."
            self._outbox.alarm("shop_away", self.shop.channel, f"The shop cannot be told: {problem}", action)
        await asyncio.sleep(pause)
