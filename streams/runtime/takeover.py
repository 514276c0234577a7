"""How a lease is made: from an assignment to known positions, a producer of our own, and complete local tables.

Why no zombie can harm: its next commit names a generation or member that the broker no longer accepts. Whatever it had
committed before that is waited for (stable offsets, then the changelog up to its uncommitted end). The notes with the
offsets only make this quick: the owners that they name are shut out, so their open transactions end now.
"""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from faust.types import TP

from streams.runtime import faultpoints, producer
from streams.runtime.catchup import EARLIEST, CatchUp, bounds
from streams.runtime.claims import Claim, Tally
from streams.runtime.errors import Exit, Stop, Superseded, Unavailable
from streams.runtime.lease import Lease
from streams.runtime.membership import Membership
from streams.runtime.metrics import Metrics
from streams.runtime.settings import Settings
from streams.runtime.store import Stores
from streams.runtime.unit import Unit

log = logging.getLogger(__name__)
OFFSETS_DEADLINE = 60.0


def changelog_of(group: str, table: str) -> str:
    """The changelog topic of a table, named as Faust names it."""
    return f"{group}-{table}-changelog"


class Takeover:
    """Makes leases, one after the other, in the thread of the unit of work."""

    def __init__(self, group: str, unit: Unit, settings: Settings, stores: Stores, metrics: Metrics) -> None:
        self._group, self._unit, self._settings, self._stores = group, unit, settings, stores
        self._metrics = metrics
        self._connect()

    def _connect(self) -> None:
        self._admin = AdminClient(producer.client(self._settings))
        self._readers = {level: self._reader(level) for level in ("read_uncommitted", "read_committed")}

    def _reader(self, level: str) -> Any:
        own = {"group.id": self._group, "isolation.level": level, "enable.auto.commit": False}
        return Consumer(producer.client(self._settings, **own))

    def run(self, tps: Sequence[TP], membership: Membership, wanted: Callable[[], bool]) -> Lease:
        """Raises Superseded when ``wanted`` turns false or the broker says so, Unavailable, Fenced, Stop."""
        try:
            return self._run(tps, membership, wanted)
        except Unavailable:
            # librdkafka's admin client asks with the leader epoch that it knew before a broker was restarted, for ever
            self._connect()
            raise

    def _run(self, tps: Sequence[TP], membership: Membership, wanted: Callable[[], bool]) -> Lease:
        began = time.monotonic()
        owner = producer.new_id(self._group)
        with ThreadPoolExecutor(1) as aside:
            starting = aside.submit(producer.start, self._settings, owner)
            held = self._held(tps, wanted)
            own = starting.result()
        lease = Lease(owner, own, membership, *self._positions(held))
        if tps:
            self._claim(lease)
        self._stores.keep_only(lease.partitions())
        self._metrics.caught_up += CatchUp(self._settings, self._admin, wanted).run(self._changelogs(lease))
        if faultpoints.hook is not None:
            faultpoints.hook("caught-up", lease)
        self._metrics.leases += 1
        self._metrics.lease_seconds += time.monotonic() - began
        log.info(
            "lease on partitions %s of generation %d in %.3f s",
            sorted(lease.partitions()), membership.generation, time.monotonic() - began,
        )  # fmt: skip
        return lease

    def _changelogs(self, lease: Lease) -> dict[tuple[str, int], Any]:
        return {
            (changelog_of(self._group, table.name), partition): self._stores.of(table.name, partition)
            for table in self._unit.tables
            for partition in lease.partitions()
        }

    def _held(self, tps: Sequence[TP], wanted: Callable[[], bool]) -> dict[TP, tuple[int, Claim]]:
        """Committed offsets that no open transaction can change any more, with their notes; -1 where there is none."""
        shut: set[str] = set()
        deadline = time.monotonic() + OFFSETS_DEADLINE
        while tps:
            found = self._committed("read_uncommitted", tps, 10.0)
            while True:
                owners = {claim.owner for _, claim in found.values() if claim.owner} - shut
                producer.shut_out(self._settings, owners)
                shut |= owners
                stable = self._stable(tps)
                if stable is None:
                    break
                if not {claim.owner for _, claim in stable.values() if claim.owner} - shut:
                    return stable
                found = stable
            if not wanted():
                raise Superseded("assigned anew while waiting for open transactions")
            if time.monotonic() > deadline:
                raise Unavailable(f"offsets of {self._group} stay unstable: an open transaction does not end")
        return {}

    def _stable(self, tps: Sequence[TP]) -> dict[TP, tuple[int, Claim]] | None:
        try:
            return self._committed("read_committed", tps, 1.0)
        except Unavailable:
            return None

    def _committed(self, level: str, tps: Sequence[TP], timeout: float) -> dict[TP, tuple[int, Claim]]:
        try:
            found = self._readers[level].committed([TopicPartition(*tp) for tp in tps], timeout)
        except KafkaException as error:
            raise Unavailable(f"the broker does not tell the offsets of {self._group}: {error}") from error
        wrong = [tp for tp in found if tp.error is not None]
        if wrong:
            raise Unavailable(f"the broker does not tell the offsets of {self._group}: {wrong[0].error}")
        return {TP(tp.topic, tp.partition): (max(tp.offset, -1), Claim.decode(tp.metadata)) for tp in found}

    def _positions(self, held: dict[TP, tuple[int, Claim]]) -> tuple[dict[TP, int], dict[TP, Tally]]:
        if not held:
            return {}, {}
        first = bounds(self._admin, [TopicPartition(*tp) for tp in held], EARLIEST)
        positions, tallies = {}, {}
        for tp, (offset, claim) in held.items():
            if 0 <= offset < first[tp]:
                raise Stop(
                    Exit.RECORDS_LOST,
                    f"{tp.topic}/{tp.partition}: next to process is {offset}, but the log begins at {first[tp]}: "
                    f"{first[tp] - offset} records were deleted unprocessed. Restore them, or accept the loss by "
                    f"setting the offsets of group {self._group} by hand.",
                )
            positions[tp] = first[tp] if offset < 0 else offset
            same = claim.version == self._settings.app_version
            tallies[tp] = claim.tally if claim.tally is not None and same else Tally()
        return positions, tallies

    def _claim(self, lease: Lease) -> None:
        """Write our name beside the offsets, before our first data: only the rightful member can."""
        own: Producer = lease.producer
        offsets = [
            TopicPartition(*tp, offset, Claim(lease.owner, self._settings.app_version, lease.tallies[tp]).encode())
            for tp, offset in lease.committed.items()
        ]
        try:
            own.begin_transaction()
            own.send_offsets_to_transaction(offsets, lease.membership.as_bytes(), 10.0)
            producer.commit(own, time.monotonic() + 10.0)
        except KafkaException as error:
            producer.abort(own)
            raise producer.meaning(error) from error
        if faultpoints.hook is not None:
            faultpoints.hook("claimed", lease)
