"""The yardstick: no framework, one consumer, one transactional producer, one transaction a poll, RocksDB after it.

It has none of the safety of ours (no leases, no fencing by partition, no dead letters, no guard): what that costs is
the difference to it.
"""

import os
import sys
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition

from streams.runtime.store import PartitionStore
from tests.bench.harness import work
from tests.bench.harness.peers.base import Job, Peer

POLL = 5000


class Worker:
    """One process of the yardstick."""

    def __init__(self, env: dict[str, str]) -> None:
        self._env = env
        base = {"bootstrap.servers": env["BENCH_BROKERS"]}
        group = {"group.id": env["BENCH_NAME"], "group.instance.id": "one", "session.timeout.ms": 45_000}
        reading = {"auto.offset.reset": "earliest", "enable.auto.commit": False, "isolation.level": "read_committed"}
        self._consumer: Any = Consumer({**base, **group, **reading})
        sending = {"linger.ms": 5, "queue.buffering.max.messages": 1_000_000, "partitioner": "murmur2_random"}
        self._producer: Any = Producer({**base, **sending, "transactional.id": env["BENCH_NAME"]})
        self._stores: dict[int, PartitionStore] = {}
        self._rows: dict[int, dict[bytes, work.Row]] = {}
        self._changelog = f"{env['BENCH_NAME']}-changelog"

    def _assigned(self, consumer: Any, tps: list[Any]) -> None:
        restoring = Consumer(
            {
                "bootstrap.servers": self._env["BENCH_BROKERS"], "group.id": "restore", "enable.auto.commit": False,
                "isolation.level": "read_committed", "enable.partition.eof": True, "auto.offset.reset": "earliest",
            }
        )  # fmt: skip
        for tp in tps:
            self._rows[tp.partition] = {}
            self._stores[tp.partition] = PartitionStore(Path(self._env["BENCH_STATE"]) / str(tp.partition))
        found = {partition: store.position() for partition, store in self._stores.items()}
        restoring.assign([TopicPartition(self._changelog, p, at[0] + 1 if at else 0) for p, at in found.items()])
        left: set[int | None] = set(found)
        while left:
            for message in restoring.consume(10_000, 0.1):
                partition, key = message.partition(), message.key()
                if message.error() or partition is None or key is None:
                    left.discard(partition)
                else:
                    self._stores[partition].write([(key, message.value())], message.offset())
        restoring.close()
        consumer.assign(tps)

    def serve(self) -> None:
        """Until killed."""
        self._producer.init_transactions()
        self._consumer.subscribe([self._env["BENCH_INPUT"]], on_assign=self._assigned)
        while True:
            batch = self._consumer.consume(POLL, 0.02)
            if batch:
                self._transact([message for message in batch if not message.error()])

    def _transact(self, batch: list[Any]) -> None:
        producer, output = self._producer, self._env["BENCH_OUTPUT"]
        produce, decode, encode, apply, outcome = (
            producer.produce, work.decode_order, work.encode_stock, work.apply, work.outcome
        )  # fmt: skip
        producer.begin_transaction()
        changed: dict[int, dict[bytes, work.Row]] = {}
        ends: dict[int, int] = {}
        for message in batch:
            partition, key, event = message.partition(), message.key(), decode(message.value())
            rows = self._rows[partition]
            row = rows.get(key)
            if row is None:
                raw = self._stores[partition].get(key)
                row = work.decode_row(raw) if raw else work.NOTHING
            row, result = apply(event, row)
            rows[key] = row
            changed.setdefault(partition, {})[key] = row
            produce(output, encode(outcome(event, row, result)), key, partition)
            ends[partition] = message.offset() + 1
        writes = {p: [(key, work.encode_row(row)) for key, row in rows.items()] for p, rows in changed.items()}
        for partition, rows_written in writes.items():
            for key, value in rows_written:
                produce(self._changelog, value, key, partition)
        offsets = [TopicPartition(self._env["BENCH_INPUT"], p, end) for p, end in ends.items()]
        producer.send_offsets_to_transaction(offsets, self._consumer.consumer_group_metadata())
        producer.commit_transaction()
        for partition, rows_written in writes.items():
            self._stores[partition].write(rows_written, None)


def _environment(job: Job) -> dict[str, str]:
    return {
        "BENCH_BROKERS": job.brokers, "BENCH_STATE": str(job.state), "BENCH_INPUT": job.input,
        "BENCH_OUTPUT": job.output, "BENCH_NAME": job.name,
    }  # fmt: skip


PLAIN = Peer(
    "plain",
    lambda job: [sys.executable, "-m", "tests.bench.harness.peers.plain"],
    _environment,
    lambda job: (f"{job.name}-changelog",),
)

if __name__ == "__main__":
    Worker(dict(os.environ)).serve()
