"""Durable or not answered: straight into Kafka while it is there, else into the fsynced spool and from there in order.

Every put has a number. While the spool is not empty, everything goes through it, so a later event never overtakes a
spooled one. When a put fails, those numbered after it go through the spool too, even if Kafka took them meanwhile:
the log then ends with the right order per key, at the price of a repeated record, which every reader bears.
"""

import asyncio
import random
from collections.abc import Sequence
from typing import Literal, Protocol

import structlog

from connectors.gateway.spool import Numbered, Spool
from connectors.kafka.producer import DeliveryFailed, Message

BATCH = 2000
FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 2.0
log = structlog.get_logger()


class Sender(Protocol):
    """What sends to Kafka; connectors.kafka.producer.AsyncProducer."""

    def send(self, messages: Sequence[Message]) -> "asyncio.Future[None]":
        """Resolves when stored, raises DeliveryFailed."""
        ...


class Durable:
    """The promise behind a 2xx. Make it inside the running loop; run ``forward`` as a task."""

    def __init__(self, kafka: Sender, spool: Spool) -> None:
        self._kafka = kafka
        self._spool = spool
        self._next = spool.last + 1
        self._direct: set[int] = set()
        self._appending = 0
        self._first_failed: int | None = 0 if spool.count else None
        self._wake = asyncio.Event()
        self.forwarded = 0
        if spool.count:
            self._start_spooling(f"{spool.count} entries were left by the last run")

    @property
    def is_spooling(self) -> bool:
        """Whether new messages wait in the spool instead of going straight to Kafka."""
        return self._first_failed is not None

    @property
    def waiting(self) -> int:
        """Entries in the spool."""
        return self._spool.count

    async def put(self, messages: Sequence[Message]) -> Literal["kafka", "spool"]:
        """Return once the messages are safe, and where. Raises SpoolFailed when they are nowhere."""
        number = self._next
        self._next += 1
        if self._first_failed is not None:
            await self._append(number, messages)
            return "spool"
        self._direct.add(number)
        try:
            await self._kafka.send(messages)
            must_spool = self._first_failed is not None and self._first_failed < number
        except DeliveryFailed as error:
            self._fail(number, str(error))
            must_spool = True
        try:
            if must_spool:
                await self._append(number, messages)
        finally:
            self._direct.discard(number)
            self._wake.set()
        return "spool" if must_spool else "kafka"

    def broker_is_down(self) -> None:
        """Kafka's client has lost every broker: spool at once instead of waiting for a timeout."""
        if self._first_failed is None:
            self._fail(self._next, "no broker can be reached")

    async def forward(self) -> None:
        """Move the spool into Kafka, oldest first, whenever there is something in it. Runs until cancelled."""
        wait = FIRST_WAIT_S
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._first_failed is not None and not self._direct:
                if await self._forward_some():
                    wait = FIRST_WAIT_S
                    continue
                # many gateways must not come back at the same instant
                await asyncio.sleep(wait * random.uniform(0.5, 1.0))
                wait = min(wait * 2, LONGEST_WAIT_S)

    async def _forward_some(self) -> bool:
        entries = await self._spool.first(BATCH)
        if not entries:
            return self._stop_spooling() or bool(self._appending)
        sent = await self._send(entries)
        if sent:
            await self._spool.remove(sent)
            self.forwarded += len(sent)
        return len(sent) == len(entries)

    async def _send(self, entries: list[Numbered]) -> list[int]:
        futures = [(number, self._kafka.send(messages)) for number, messages in entries]
        sent: list[int] = []
        has_failed = False
        for number, future in futures:
            try:
                await future
            except DeliveryFailed:
                has_failed = True
            # what came after a failed entry is sent again after it
            if not has_failed:
                sent.append(number)
        return sent

    async def _append(self, number: int, messages: Sequence[Message]) -> None:
        self._appending += 1
        try:
            await self._spool.append(number, messages)
        finally:
            self._appending -= 1
            self._wake.set()

    def _fail(self, number: int, problem: str) -> None:
        if self._first_failed is None:
            self._start_spooling(problem)
        self._first_failed = number if self._first_failed is None else min(self._first_failed, number)

    def _start_spooling(self, problem: str) -> None:
        log.error("Kafka is away: new events wait in the spool", problem=problem)
        self._wake.set()

    def _stop_spooling(self) -> bool:
        if self._appending or self._direct:
            return False
        self._first_failed = None
        log.info("the spool is empty: events go straight to Kafka again", forwarded=self.forwarded)
        return True
