"""A scene: topics of its own, workers as processes, a known input, and the checks that end every test."""

import json
import random
import signal
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from streams.app import group_of
from streams.runtime.store import PartitionStore
from streams.runtime.takeover import changelog_of
from tests.faults import ledger
from tests.faults.process import Worker

KEYS = 40
SESSION = 6.0
Message = tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]


def until(what: str, condition: Callable[[], bool], seconds: float = 180.0) -> None:
    """Wait for a condition; fail with words."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.05)


class Scene:
    """``inputs`` are two topics with the same keys; ``name`` is the agent's."""

    def __init__(self, brokers: str, folder: Path, seed: int) -> None:
        self.brokers, self.folder, self.seed = brokers, folder, seed
        self.name = f"ledger-{uuid.uuid4().hex[:8]}"
        self.inputs = (f"{self.name}.a", f"{self.name}.b")
        self.output = f"{self.name}.out"
        self.group = group_of(self.name)
        self.reference = ledger.Reference()
        self.workers: dict[str, Worker] = {}
        self.admin = AdminClient({"bootstrap.servers": brokers})
        self._dice = random.Random(seed)
        self._number = 0
        self._offsets: Any = self._consumer("read_committed", self.group)
        sys.stdout.write(f"scene {self.name}, seed {seed}, logs in {folder}\n")
        self.make_topics(*self.inputs, self.output, *(f"{topic}.dlq" for topic in self.inputs))

    def make_topics(self, *names: str, **config: str) -> None:
        """With four partitions each."""
        new = [NewTopic(name, ledger.PARTITIONS, 1, config=config) for name in names]
        for future in self.admin.create_topics(new).values():
            future.result()

    def close(self) -> None:
        """End what still runs and drop the topics."""
        for worker in self.workers.values():
            worker.signal(signal.SIGKILL)
            worker.wait(30)
        names = [name for name in self.admin.list_topics(timeout=10).topics if self.name in name]
        for future in self.admin.delete_topics(names).values():
            future.exception()

    def _consumer(self, level: str, group: str = "checker", **more: Any) -> Any:
        base = {"bootstrap.servers": self.brokers, "group.id": group, "enable.auto.commit": False}
        return Consumer({**base, "isolation.level": level, "enable.partition.eof": True, "log_level": 0, **more})

    # -- input

    def producer(self, **more: Any) -> Any:
        """Keys go to the same partitions on both inputs."""
        own = {"partitioner": "murmur2_random", "linger.ms": 2, "enable.idempotence": True, "log_level": 0}
        return Producer({"bootstrap.servers": self.brokers, **own, **more})

    @contextmanager
    def sending(self, count: int, rate: float) -> Iterator[None]:
        """Send while the block runs; the block ends when all is sent."""
        sender = threading.Thread(target=self.send, args=(count, rate))
        sender.start()
        try:
            yield
        finally:
            sender.join()

    def send(self, count: int, rate: float = 0.0) -> None:
        """So many good events on both inputs; ``rate`` a second, 0: at once."""
        producer, began = self.producer(), time.monotonic()
        for sent in range(count):
            if rate and (wait := began + sent / rate - time.monotonic()) > 0:
                time.sleep(wait)
            self.send_one(producer, self._dice.randint(1, 9))
            producer.poll(0)
        producer.flush()

    def send_one(self, producer: Any, amount: int, *, good: bool = True) -> None:
        """One event; a bad one is not expected among the outputs."""
        self._number += 1
        key = f"key-{self._dice.randrange(KEYS)}".encode()
        producer.produce(self._dice.choice(self.inputs), ledger.event(self._number, amount), key)
        if good:
            self.reference.add(key, self._number, amount)

    # -- workers

    def start(self, worker: str = "one", fault: str = "", **env: str) -> Worker:
        """A worker process with a state folder of its own."""
        given = {
            "SKUSTREAM_BROKERS": self.brokers, "SKUSTREAM_STATE": str(self.folder / worker),
            "SKUSTREAM_SESSION_TIMEOUT": str(SESSION), "LEDGER_INPUTS": ",".join(self.inputs),
            "LEDGER_OUTPUT": self.output, "LEDGER_NAME": self.name, "LEDGER_FAULT": fault,
            "LEDGER_SEED": str(self.seed), "SKUSTREAM_POLL_RECORDS": "40",
        }  # fmt: skip
        self.workers[worker] = Worker({**given, **env}, self.folder / f"{worker}.log")
        return self.workers[worker]

    def stop(self, worker: str = "one", number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; the exit code."""
        self.workers[worker].signal(number)
        return self.workers[worker].wait(60)

    def wait_exit(self, worker: str = "one", seconds: float = 120.0) -> int:
        """The exit code, once the worker has ended by itself."""
        return self.workers[worker].wait(seconds)

    def log(self, worker: str = "one") -> str:
        """What the worker said."""
        file = self.folder / f"{worker}.log"
        return file.read_text() if file.exists() else ""

    def restart_dead(self) -> list[int]:
        """What a supervisor does; the exit codes of the dead."""
        codes = []
        for name, worker in list(self.workers.items()):
            code = worker.code()
            if code is not None:
                codes.append(code)
                self.start(name)
        return codes

    # -- progress

    def committed(self) -> int:
        """Sum of the group's committed offsets."""
        try:
            found = self._offsets.committed(self._input_tps(), 5)
        except KafkaException:
            return -1
        return sum(max(0, tp.offset) for tp in found)

    def ends(self) -> int:
        """Sum of the inputs' ends; -2 while the broker does not tell."""
        try:
            return sum(self._offsets.get_watermark_offsets(tp, timeout=10)[1] for tp in self._input_tps())
        except KafkaException:
            return -2

    def _input_tps(self) -> list[TopicPartition]:
        return [TopicPartition(topic, p) for topic in self.inputs for p in range(ledger.PARTITIONS)]

    def wait_progress(self, part: float = 0.0, seconds: float = 180.0) -> None:
        """Until more than this part of the input is committed."""
        until(f"{part:.0%} of the input", lambda: self.committed() > part * self.ends(), seconds)

    def finish(self, seconds: float = 180.0, *, mend: bool = False) -> list[int]:
        """Until all input is committed; with ``mend``, dead workers are started again. Then stop all."""
        codes: list[int] = []

        def done() -> bool:
            if mend:
                codes.extend(self.restart_dead())
            return self.committed() == self.ends()

        until("all input committed", done, seconds)
        for name in self.workers:
            self.stop(name)
        return codes

    # -- checks

    def read(self, topic: str, level: str = "read_committed") -> list[Message]:
        """A topic's records, partition by partition, in order."""
        consumer = self._consumer(level, **{"auto.offset.reset": "earliest"})
        consumer.assign([TopicPartition(topic, p, 0) for p in range(ledger.PARTITIONS)])
        parts: dict[int, list[Message]] = {p: [] for p in range(ledger.PARTITIONS)}
        left = set(parts)
        while left:
            for message in consumer.consume(10_000, 1.0):
                if message.error():
                    left.discard(message.partition())
                else:
                    parts[message.partition()].append((message.key(), message.value(), message.headers() or []))
        consumer.close()
        return [message for part in parts.values() for message in part]

    def check(self) -> None:
        """Every output once; outputs, both changelogs and the local stores agree with the reference."""
        given = Counter((value or b"")[:8] for topic in self.inputs for _, value, _ in self.read(topic))
        assert {given[number] for number in self.reference.events} <= {1}, "the test's own input is lost or doubled"
        told = [json.loads(value or b"") for _, value, _ in self.read(self.output)]
        numbers = Counter(each["number"] for each in told)
        expected = {int.from_bytes(number) for number in self.reference.events}
        assert expected - numbers.keys() == set(), "lost"
        assert [number for number, times in numbers.items() if times > 1] == [], "doubled"
        assert numbers.keys() - expected == set(), "made up"
        last: dict[bytes, ledger.Row] = {}
        for each in told:
            key = each["key"].encode()
            count = last.get(key, (0, 0))[0]
            assert each["count"] == count + 1, f"outputs of {key!r} are not in a chain"
            last[key] = (each["count"], each["total"])
        assert last == self.reference.totals
        self._check_table("totals", {key: ledger.ROW.pack(*row) for key, row in self.reference.totals.items()})
        self._check_table("events", self.reference.events)

    def _check_table(self, table: str, rows: dict[bytes, bytes]) -> None:
        folded: dict[bytes, bytes] = {}
        for key, value, _ in self.read(changelog_of(self.group, table)):
            if value is None:
                folded.pop(key or b"", None)
            else:
                folded[key or b""] = value
        assert folded == rows, f"changelog of {table}"
        assert self._stored(table) == rows, f"local stores of {table}"

    def _stored(self, table: str) -> dict[bytes, bytes]:
        """Of each partition the copy that got furthest."""
        best: dict[int, tuple[int, dict[bytes, bytes]]] = {}
        for path in self.folder.glob(f"*/{self.name}/tables/{table}/*"):
            store = PartitionStore(path)
            at = (store.position() or (-1, 0.0))[0]
            if at > best.get(int(path.name), (-1, {}))[0]:
                best[int(path.name)] = (at, dict(store.items()))
            store.close()
        return {key: value for _, rows in best.values() for key, value in rows.items()}
