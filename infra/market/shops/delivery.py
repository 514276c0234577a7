"""STAND-IN: sends webhooks to the gateway as a platform does, with its retries and with faults on demand."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

import aiohttp
import structlog

from infra.market.shops.faults import Dice

AT_ONCE = 16
ANSWER_WITHIN_S = 5.0
log = structlog.get_logger()
Signed = tuple[dict[str, str], bytes]


@dataclass(frozen=True)
class Webhook:
    """One webhook to send. ``make`` gives headers and body: again for each attempt, so it decides whether a retry
    carries the original payload or a fresh one. ``subject`` is the order."""

    subject: int
    make: Callable[[], Signed]


@dataclass
class Tally:
    """What became of the webhooks."""

    told: int = 0
    sent: int = 0
    dropped: int = 0
    repeated: int = 0
    failed: int = 0
    given_up: int = 0


@dataclass(frozen=True)
class Habits:
    """How a platform delivers."""

    retries: int
    first_retry_s: float = 1.0
    """Doubles each time. Shopify spreads its 8 over four hours; a simulated day is shorter."""
    disables_after: int = 0
    """Failures in a row after which it stops sending at all; 0 for never."""


@dataclass
class Sender:
    """Sends the webhooks of one shop, at most ``AT_ONCE`` at a time, in no promised order."""

    channel: str
    url: str
    habits: Habits
    dice: Dice
    tally: Tally = field(default_factory=Tally)
    is_disabled: bool = False
    is_online: bool = True
    """False cuts the wire from the shop to the gateway."""

    def __post_init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._failures_in_a_row = 0
        self._last: dict[int, Signed] = {}
        self._http: aiohttp.ClientSession | None = None

    def tell(self, webhook: Webhook) -> None:
        """Send it soon; its fate is drawn now, so that it depends on the order of the calls only."""
        fate = self.dice.fate()
        self.tally.told += 1
        if self.is_disabled or fate.is_dropped:
            self.tally.dropped += 1
            return
        for _ in range(fate.copies):
            self._start(self._send(webhook, fate.wait_s))
        self.tally.repeated += fate.copies - 1
        if fate.is_stale_again and webhook.subject in self._last:
            older = self._last[webhook.subject]
            self.tally.repeated += 1
            self._start(
                self._send(Webhook(webhook.subject, lambda: older), fate.wait_s + self.dice.faults.reorder_by_s)
            )

    async def drain(self) -> None:
        """Return when nothing is under way any more."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Give up what is under way."""
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._http is not None:
            await self._http.close()

    def enable(self) -> None:
        """What a merchant does by hand after WooCommerce has disabled the webhook."""
        self.is_disabled = False
        self._failures_in_a_row = 0

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, webhook: Webhook, wait_s: float) -> None:
        if wait_s:
            await asyncio.sleep(wait_s)
        pause = self.habits.first_retry_s
        for _ in range(self.habits.retries + 1):
            if self.is_disabled:
                return
            if await self._attempt(webhook):
                self._failures_in_a_row = 0
                return
            self.tally.failed += 1
            self._failures_in_a_row += 1
            if self.habits.disables_after and self._failures_in_a_row > self.habits.disables_after:
                self.is_disabled = True
                log.warning("stand-in shop has disabled its webhook after failures in a row", channel=self.channel)
                return
            if self.habits.retries:
                await asyncio.sleep(pause)
                pause *= 2
        self.tally.given_up += 1

    async def _attempt(self, webhook: Webhook) -> bool:
        if not self.is_online:
            return False
        async with self._places:
            headers, body = webhook.make()
            if self.dice.faults.stale:
                self._last[webhook.subject] = (headers, body)
            try:
                async with self._session().post(self.url, data=body, headers=headers) as answer:
                    await answer.read()
            except (aiohttp.ClientError, TimeoutError):
                return False
        self.tally.sent += 1
        return answer.status < 300

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN_S))
        return self._http
