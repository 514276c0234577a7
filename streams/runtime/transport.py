"""Faust's transport for micro-batches: one Faust message a poll, leases, no commits of its own."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from streams.log import ENGINE
from streams.runtime import faultpoints
from streams.runtime.fetching import FEW, ConsumerThread, RebalanceListener
from streams.runtime.lease import Lease, Poll, Portion
from streams.runtime.work import UnitOfWork

log = logging.getLogger(__name__)
SCHEME = "skustream"
WAIT = 1.0
ASSIGNMENT_DEADLINE = 300.0
TAKEOVER_DEADLINE = 600.0


class Consumer(driver.Consumer):
    """Hands polls to the agent. All methods run in the main event loop; ``finished`` may be called from any thread."""

    logger = ENGINE
    RebalanceListener = RebalanceListener
    _thread: ConsumerThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.work: UnitOfWork = self.app.unit_of_work  # type: ignore[attr-defined]
        self._inputs = frozenset(self.work.inputs)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="unit")
        self._lease: Lease | None = None
        self._in_hand = 0
        self._assigned: frozenset[TP] = frozenset()
        self._turn = asyncio.Event()
        self._next_at = 0.0

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def in_unit_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        """Run in the one thread that does all the work on leases, polls and stores."""
        return await self.loop.run_in_executor(self._pool, function, *args)

    # -- the life of a lease

    def _end_lease(self) -> None:
        if self._lease is not None:
            self._lease.alive = False
        self._lease = None
        self._in_hand = 0
        self.work.hurry.set()
        self._turn.set()

    def resume_flow(self) -> None:
        """Faust has just cleared its queues: what was handed out is gone, and is fetched again under a new lease."""
        self._end_lease()
        super().resume_flow()

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """The transaction in hand ends before the partitions are given up."""
        self.work.watchdog.done("fetching")
        self.work.watchdog.expect("an assignment", ASSIGNMENT_DEADLINE)
        self._assigned = frozenset()
        self._end_lease()
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Note what we own; the lease is made when the flow resumes, while heartbeats go on."""
        self._end_lease()
        self._assigned = frozenset(tp for tp in assigned if tp.topic in self._inputs)
        await super().on_partitions_assigned(assigned, generation_id)

    async def wait_empty(self) -> None:
        """Nothing is under way in the unit's thread any more."""
        self._end_lease()
        await self.in_unit_thread(lambda: None)
        self._unacked_messages.clear()

    async def on_stop(self) -> None:
        """Let the transaction in hand end, then leave the group."""
        self.work.watchdog.done("fetching")
        self.work.watchdog.expect("the end", ASSIGNMENT_DEADLINE)
        await super().on_stop()

    async def _make_lease(self) -> None:
        membership, tps = self._thread.membership, sorted(self._assigned)
        if membership is None or membership.generation != self.app.consumer_generation_id:
            await self._wait_for_turn(0.05)
            return
        self.work.hurry.clear()
        self.work.watchdog.done("fetching")
        self.work.watchdog.expect("taking over", TAKEOVER_DEADLINE)
        wanted = self._assigned
        lease = await self.in_unit_thread(self.work.take_over, tps, membership, lambda: self._assigned is wanted)
        self.work.watchdog.done("taking over")
        self._in_hand = 0
        if lease is not None and self._assigned is wanted and self.flow_active:
            self._lease = lease

    async def _rewind(self, lease: Lease) -> None:
        lease.rewind = False
        lease.fetched = dict(lease.committed)
        self._read_offset.update(dict.fromkeys(lease.committed))
        await self._thread.call_thread(self._thread.move_to, lease.fetched)

    def finished(self, poll: Poll) -> None:
        """The unit of work is done with the poll, in one way or the other."""
        self.loop.call_soon_threadsafe(self._on_finished, poll)

    def _on_finished(self, poll: Poll) -> None:
        if poll.lease is self._lease:
            self._in_hand -= poll.size() or 1
            if not poll.lease.alive:
                self._end_lease()
        self._turn.set()

    # -- fetching

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Any]]:
        """Called over and over by Faust's fetcher; brings at most one message: a poll of all our partitions."""
        if not self.flow_active:
            self.work.watchdog.done("fetching")
            await self.wait(self.can_resume_flow)  # type: ignore[arg-type]
        self.work.watchdog.done("an assignment")
        if self._lease is None:
            await self._make_lease()
            return
        lease = self._lease
        self.work.watchdog.expect("fetching", self.work.watchdog.limit + WAIT)
        if self._in_hand > FEW * len(self._assigned) and not lease.rewind and self._in_hand < self.work.ahead:
            pass  # a large poll is under way: fetch the next one beside it
        elif self._in_hand:
            await self._wait_for_turn(WAIT)
            return
        if lease.rewind:
            await self._rewind(lease)
        if not lease.committed:
            await self._wait_for_turn(WAIT)
            return
        await self._keep_pace()
        portions = await self._thread.call_thread(self._thread.take, self._assigned, WAIT, self.work.poll_records)
        poll = self._poll(lease, portions)
        if poll is not None:
            yield poll.portions[0].tp, self._message(poll)

    async def _keep_pace(self) -> None:
        pause = self._next_at - time.monotonic()
        if pause > 0:
            await asyncio.sleep(pause)
        self._next_at = time.monotonic() + self.work.pace

    async def _wait_for_turn(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._turn.wait(), seconds)
        except TimeoutError:
            return
        self._turn.clear()

    def _poll(self, lease: Lease, portions: list[Portion]) -> Poll | None:
        if faultpoints.hook is not None:
            faultpoints.hook("taken", portions)
        if not portions or lease is not self._lease or not self.flow_active:
            return None
        for portion in portions:
            if portion.start != lease.fetched[portion.tp]:
                log.warning(
                    "hole: %s fetched from %d, expected %d", portion.tp, portion.start, lease.fetched[portion.tp]
                )
                self.work.metrics.holes += 1
                self._end_lease()
                return None
            lease.fetched[portion.tp] = portion.end
        poll = Poll(lease, portions)
        self._in_hand += poll.size() or 1
        self.work.watchdog.expect("a hand-over", self.work.watchdog.limit * 2)
        return poll

    def _message(self, poll: Poll) -> ConsumerMessage:
        first, value = poll.portions[0], cast(bytes, poll)  # Faust carries it without a look
        return ConsumerMessage(
            first.tp.topic, first.tp.partition, first.start, time.time(), 0, [], None, value, None, 0, 0, first.tp,
            generation_id=self.app.consumer_generation_id,
        )  # fmt: skip

    # -- what Faust does by itself and we do in the transaction

    async def perform_seek(self) -> None:
        """A lease knows its own positions."""

    async def _commit(self, offsets: Any) -> bool:
        return True

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Ranges of polls join by construction; see ``_poll``."""

    async def verify_all_partitions_active(self) -> None:
        """The watchdog does this."""


class Transport(driver.Transport):
    """Registered under the scheme ``skustream://``."""

    Consumer = Consumer


def brokers_url(brokers: str) -> Iterable[str]:
    """``host:port,host:port`` as Faust's broker setting."""
    return [f"{SCHEME}://{each.strip()}" for each in brokers.split(",")]
