"""What is asked of others now and then, while somebody looks: lag of the groups, ClickHouse's rates, the parts."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import KafkaException

from infra.console import parts, rates
from infra.console.history import History, Rates
from infra.console.lag import GroupLag, LagWatch
from infra.console.parts import PartState

EVERY_SECONDS = 5.0
RATES_SECONDS = 15.0
"""The views look at all of the history, so they are asked less often."""
IDLE_SECONDS = 1.0


@dataclass
class Surroundings:
    """The last answers."""

    groups: list[GroupLag] = field(default_factory=list)
    groups_problem: str = ""
    rates: Rates = field(default_factory=Rates)
    parts: list[PartState] = field(default_factory=list)


class Watch:
    """Asks every five seconds while `is_watched`, and not at all otherwise."""

    def __init__(self, brokers: str, history: History, home: Path | None) -> None:
        self._lag = LagWatch(brokers)
        self._history, self._home = history, home
        self._rates_at = -RATES_SECONDS
        self.now = Surroundings()

    def ask(self) -> None:
        """Ask everybody once. Blocking."""
        try:
            groups, problem = self._lag.sample(), ""
        except KafkaException as error:
            groups, problem = self.now.groups, f"lag unknown: {error.args[0].str()}"
        found = self.now.rates
        if time.monotonic() - self._rates_at >= RATES_SECONDS or found.problem:
            found, self._rates_at = rates.read(self._history), time.monotonic()
        self.now = Surroundings(groups, problem, found, parts.ask(self._home))

    async def run(self, watched: Callable[[], bool], sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Ask for ever; the first time at once, so that the first page is whole."""
        await asyncio.to_thread(self.ask)
        while True:
            await sleep(EVERY_SECONDS)
            while not watched():
                await sleep(IDLE_SECONDS)
            await asyncio.to_thread(self.ask)
