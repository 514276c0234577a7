"""A broker, topics, and a real member of a consumer group."""

import asyncio
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from faust.types import TP

from streams.runtime import Table, Unit
from streams.runtime.membership import Membership
from streams.runtime.metrics import Metrics
from streams.runtime.settings import Settings
from streams.runtime.store import Stores
from streams.runtime.takeover import Takeover, changelog_of

PARTITIONS = 2
TABLE: Table[bytes] = Table("rows", lambda row: row, lambda data: data)


@pytest.fixture(scope="session")
def brokers(request: pytest.FixtureRequest) -> str:
    """host:port of a real broker."""
    given = os.environ.get("SKUSTREAM_TEST_BROKERS")
    address: str = given or request.getfixturevalue("stack").env["SKUSTREAM_BROKERS"]
    return address


class Group:
    """A consumer group with its input, its changelog and its members."""

    def __init__(self, brokers: str, folder: Path) -> None:
        self.name = f"group-{uuid.uuid4().hex[:8]}"
        self.input = f"{self.name}.in"
        self.changelog = changelog_of(self.name, TABLE.name)
        self.unit = Unit("any", (self.input,), (TABLE,), PARTITIONS, lambda batch, tx: None)
        self.settings = Settings(brokers, folder, transaction_timeout=60.0)
        self.tps = [TP(self.input, partition) for partition in range(PARTITIONS)]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._members: list[Any] = []
        admin = AdminClient({"bootstrap.servers": brokers})
        for future in admin.create_topics([NewTopic(t, PARTITIONS) for t in (self.input, self.changelog)]).values():
            future.result()

    def join(self, instance: str = "") -> Callable[[], Membership]:
        """A new member; what it is right now can be asked at any time."""
        consumer = self._run(self._join(instance or None))

        def now() -> Membership:
            coordinator = consumer._coordinator
            return Membership(self.name, coordinator.generation, coordinator.member_id, instance)

        return now

    async def _join(self, instance: str | None) -> Any:
        consumer: Any = AIOKafkaConsumer(
            self.input, bootstrap_servers=self.settings.brokers, group_id=self.name, group_instance_id=instance,
            enable_auto_commit=False, heartbeat_interval_ms=200, session_timeout_ms=6000,
        )  # fmt: skip
        self._members.append(consumer)
        await consumer.start()
        while not consumer.assignment():
            await asyncio.sleep(0.02)
        return consumer

    def _run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    def takeover(self, state: str = "one") -> Takeover:
        """As a worker of its own."""
        stores = Stores(self.settings.state / state)
        return Takeover(self.name, self.unit, self.settings, stores, Metrics())

    def close(self) -> None:
        """Leave the group."""
        for member in self._members:
            self._run(member.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


@pytest.fixture
def group(brokers: str, tmp_path: Path) -> Iterator[Group]:
    """A fresh one."""
    made = Group(brokers, tmp_path)
    yield made
    made.close()
