"""Orders that cannot be served are cancelled at their shop: remembered first, then tried until the shop answers."""

import asyncio
from typing import Any

import structlog

from connectors.platforms.contract import Cancelled, Refused, ShopClient, Throttled, Unavailable
from connectors.platforms.publisher.breaker import Breaker
from connectors.platforms.publisher.desk import Desk
from connectors.platforms.publisher.memory import Memory, ToCancel
from connectors.platforms.publisher.outbox import Outbox
from schemas.wire import OrderRejected

OURS = frozenset({"oversold", "unconfirmed", "unpaid", "rejected"})
"""Causes that the shop does not know of: the decision was ours."""
LOOK_EVERY_S = 30.0
log = structlog.get_logger()


def to_cancel(name: str, decision: Any) -> ToCancel | None:
    """What a decision asks of the shop; None when it has nothing to do or knows already."""
    units: dict[str, int] = {}
    if name == "OrderRejected":
        rejected: OrderRejected = decision
        reason = "rejected"
        for line in rejected["lines"]:
            units[line["sku"]] = units.get(line["sku"], 0) + line["quantity"]
    elif name == "OrderCancelled" and decision["cause"] in OURS:
        reason = str(decision["cause"])
    else:
        return None
    return ToCancel(decision["order_key"], decision["channel"], ", ".join(decision["reasons"]) or reason, units)


class Cancellations:
    """One shop's cancellations."""

    def __init__(self, desk: Desk, client: ShopClient, memory: Memory, outbox: Outbox) -> None:
        self._desk = desk
        self._shop = desk.shop
        self._client = client
        self._memory = memory
        self._outbox = outbox
        self._breaker = Breaker()
        self.wake = asyncio.Event()

    async def run(self) -> None:
        """Cancel what is remembered, oldest key first, until cancelled itself."""
        while True:
            self.wake.clear()
            for wanted in self._memory.to_cancel(self._shop.channel):
                await self._until_answered(wanted)
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self.wake.wait()
            except TimeoutError:
                continue

    async def _until_answered(self, wanted: ToCancel) -> None:
        order_key, reason = wanted.order_key, wanted.reason
        while True:
            try:
                done = await self._client.cancel(order_key.rpartition(":")[2], reason, not wanted.units)
            except Throttled as problem:
                await asyncio.sleep(problem.retry_after)
            except Unavailable as problem:
                log.warning("cancellation waits for the shop", order_key=order_key, problem=str(problem))
                await asyncio.sleep(self._breaker.failed())
            except Refused as problem:
                log.error("the shop will not cancel", order_key=order_key, problem=str(problem))
                action = "Cancel it by hand at the shop, or serve it after all."
                self._outbox.alarm("cancel_refused", order_key, f"{order_key}: {problem}", action)
                break
            else:
                self._breaker.succeeded()
                log.info("cancelled at the shop", order_key=order_key, reason=reason, outcome=done)
                if done is Cancelled.KEPT:
                    self._desk.given_back(wanted.units)
                break
        self._memory.cancelled(order_key)
        # the shop may have put the units on sale again, which the stock table does not know
        self._desk.look(wanted.units)
