"""How far each consumer group is behind, in records and in seconds."""

import time
from collections import deque
from dataclasses import dataclass
from typing import Any

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from schemas.topics import BY_NAME

TIMEOUT = 5.0
SAMPLES = 120
OWN = "skustream-console-"
LATE_SECONDS = 30.0
LATEST: Any = OffsetSpec.latest()  # type: ignore[no-untyped-call]
CONTROL_RECORDS = 1
"""A transaction ends with a marker, which has an offset but is no record."""


@dataclass(frozen=True)
class GroupLag:
    """One group: `records` not yet read, and `seconds` since the oldest came (or more, if it was so at our start)."""

    group: str
    members: int
    records: int
    seconds: float
    is_at_least: bool

    @property
    def is_behind(self) -> bool:
        """More than half a minute late."""
        return self.records > 0 and self.seconds > LATE_SECONDS


class LagWatch:
    """Samples end offsets over time, which tells when a committed offset was the newest: that is the lag in seconds."""

    def __init__(self, brokers: str) -> None:
        self._admin = AdminClient({"bootstrap.servers": brokers, "client.id": "skustream-console", "log_level": 0})
        self._ends: dict[tuple[str, int], deque[tuple[float, int]]] = {}

    def sample(self) -> list[GroupLag]:
        """Ask the broker once for all groups. Raises KafkaException when it does not answer. Blocking."""
        listed = self._admin.list_consumer_groups(request_timeout=TIMEOUT).result()
        names = sorted(g.group_id for g in listed.valid if not g.group_id.startswith(OWN))
        if not names:
            return []
        committed = {name: self._committed(name) for name in names}
        ends = self._end_offsets({(p.topic, p.partition) for offsets in committed.values() for p in offsets})
        described = self._admin.describe_consumer_groups(names, request_timeout=TIMEOUT)
        members = {name: len(future.result().members) for name, future in described.items()}
        now = time.monotonic()
        ours = {name: [p for p in offsets if p.topic in BY_NAME] for name, offsets in committed.items()}
        return [self._lag(name, members[name], offsets, ends, now) for name, offsets in ours.items() if offsets]

    def _committed(self, group: str) -> list[TopicPartition]:
        asked = self._admin.list_consumer_group_offsets(
            [ConsumerGroupTopicPartitions(group)], request_timeout=TIMEOUT, require_stable=False
        )
        found = asked[group].result().topic_partitions or []
        return [p for p in found if p.offset >= 0 and p.error is None]

    def _end_offsets(self, partitions: set[tuple[str, int]]) -> dict[tuple[str, int], int]:
        if not partitions:
            return {}
        asked = self._admin.list_offsets(
            {TopicPartition(*p): LATEST for p in partitions}, request_timeout=TIMEOUT
        )
        ends, now = {}, time.monotonic()
        for partition, future in asked.items():
            key = (partition.topic, partition.partition)
            try:
                ends[key] = int(future.result().offset)
            except KafkaException:
                # the topic was deleted while its group lives on: it has no end to be behind of
                continue
            history = self._ends.setdefault(key, deque(maxlen=SAMPLES))
            if not history or history[-1][1] != ends[key]:
                history.append((now, ends[key]))
        return ends

    def _lag(
        self, group: str, members: int, offsets: list[TopicPartition], ends: dict[Any, int], now: float
    ) -> GroupLag:  # fmt: skip
        records, seconds, at_least = 0, 0.0, False
        for p in offsets:
            key = (p.topic, p.partition)
            missing = ends.get(key, p.offset) - p.offset
            if missing <= CONTROL_RECORDS:
                continue
            records += missing
            history = self._ends[key]
            at_least = at_least or history[0][1] > p.offset
            seconds = max(seconds, now - seen_beyond(history, p.offset))
        return GroupLag(group, members, records, round(seconds, 1), at_least)


def seen_beyond(history: "deque[tuple[float, int]]", offset: int) -> float:
    """When the end was first seen beyond an offset; the first sample where it was so before we watched."""
    return next(at for at, end in history if end > offset)
