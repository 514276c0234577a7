"""The consumer thread: aiokafka, read committed, without the fixed waits that cost a tenth of a second each.

Uses private names of aiokafka; a test proves that the pinned version still has them.
"""

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

from aiokafka.errors import ConsumerStoppedError
from aiokafka.structs import TopicPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams.log import ENGINE
from streams.runtime.lease import Portion
from streams.runtime.membership import Membership

IDLE_FETCH_MS = 50
"""How long the broker may hold a fetch that has nothing to bring. Faust fixes 1,500: too long, since a partition that
was not part of a fetch in flight has to wait for its end."""
PREFETCH_BACKOFF = 0.005
"""aiokafka's 0.1: so long, unread records of one partition stop all fetches from their broker."""
FETCHER_TIMEOUT = 0.02
"""aiokafka's 0.2: bounds a wake-up that gets lost when an empty response ends while the fetcher is waking already."""
FEW = 500
"""Up to so many records, nothing is fetched while they are processed: what arrives meanwhile makes one larger poll."""


class RebalanceListener(driver.ConsumerRebalanceListener):
    """Faust's listener; also notes which member of which generation got the partitions, all at the same instant."""

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """Called in the consumer thread."""
        thread: Any = self._thread
        coordinator = thread._ensure_consumer()._coordinator
        instance = thread.app.conf.consumer_group_instance_id or ""
        thread.membership = Membership(thread.app.conf.id, coordinator.generation, coordinator.member_id, instance)
        await super().on_partitions_assigned(assigned)


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """Everything here runs in the thread, or is read from it as a whole."""

    logger = ENGINE
    membership: Membership | None = None

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = IDLE_FETCH_MS
        consumer._isolation_level = "read_committed"
        return consumer

    async def on_start(self) -> None:
        """Called by mode once the thread's loop runs."""
        await super().on_start()
        fetcher = self._ensure_consumer()._fetcher
        fetcher._prefetch_backoff = PREFETCH_BACKOFF
        fetcher._fetcher_timeout = FETCHER_TIMEOUT

    async def move_to(self, offsets: Mapping[TP, int]) -> None:
        """Fetch from these offsets on, whatever was fetched before."""
        consumer = self._ensure_consumer()
        for tp, offset in offsets.items():
            at = TopicPartition(*tp)
            consumer.seek(at, offset)
            if consumer._subscription.subscription.assignment.state_value(at).paused:
                consumer.resume(at)

    async def take(self, tps: Collection[TP], timeout: float, most: int) -> list[Portion]:
        """What has arrived of these partitions, ``most`` records of each at most; waits ``timeout`` s for the first."""
        consumer = self._ensure_consumer()
        fetcher = consumer._fetcher
        if consumer._closed or fetcher._closed:
            raise ConsumerStoppedError()
        subscriptions = fetcher._subscriptions
        with subscriptions.fetch_context():
            state = self._state(subscriptions, tps)
            self._set_paused(state, paused=False)
            if state and not any(tp in fetcher._records for tp in state):
                waiter = fetcher._create_fetch_waiter()
                done, _ = await asyncio.wait([waiter], timeout=timeout)
                if not done:
                    waiter.cancel()
                    return []
                waiter.result()
                state = self._state(subscriptions, tps)
            portions = await self._drain(fetcher, state, most)
            if not any(tp in fetcher._records for tp in state) and sum(len(p.records) for p in portions) <= FEW:
                self._set_paused(state, paused=bool(portions))
            return portions

    @staticmethod
    def _state(subscriptions: Any, tps: Collection[TP]) -> dict[Any, Any]:
        assignment = subscriptions.subscription and subscriptions.subscription.assignment
        if assignment is None or not assignment.active or subscriptions.reassignment_in_progress:
            return {}
        return {tp: assignment.state_value(tp) for tp in map(_own, tps) if tp in assignment.tps}

    @staticmethod
    async def _drain(fetcher: Any, state: Mapping[Any, Any], most: int) -> list[Portion]:
        portions = []
        for tp, position in state.items():
            if tp in fetcher._records:
                start = position._position
                records = (await fetcher.fetched_records([tp], timeout=0, max_records=most)).get(tp, ())
                if position._position != start:
                    portions.append(Portion(TP(*tp), start, records, position._position))
        return portions

    @staticmethod
    def _set_paused(state: Mapping[Any, Any], *, paused: bool) -> None:
        for each in state.values():
            if each.paused != paused:
                if paused:
                    each.pause()
                else:
                    each.resume()


def _own(tp: TP) -> Any:
    return TopicPartition(tp.topic, tp.partition)
