"""Topics of a run: made, filled, measured and read back."""

import time
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.bench.harness import work

CHUNK = 10_000


class Cluster:
    """A broker, seen from outside the peers."""

    def __init__(self, brokers: str) -> None:
        self.brokers = brokers
        self.admin = AdminClient({"bootstrap.servers": brokers})

    def consumer(self, **more: Any) -> Any:
        """A reader of committed data that belongs to no group."""
        base = {"bootstrap.servers": self.brokers, "group.id": "bench", "enable.auto.commit": False}
        return Consumer({**base, "isolation.level": "read_committed", **more})

    def producer(self, **more: Any) -> Any:
        """Keys go to partitions as Java clients put them."""
        return Producer({"bootstrap.servers": self.brokers, "partitioner": "murmur2_random", **more})

    def make(self, *names: str, **config: str) -> None:
        """Make topics that are not there yet."""
        there = self.admin.list_topics(timeout=10).topics
        new = [NewTopic(name, work.PARTITIONS, 1, config=config) for name in names if name not in there]
        for future in (self.admin.create_topics(new) if new else {}).values():
            future.result()

    def drop(self, marker: str) -> None:
        """Delete the topics of a run."""
        names = [name for name in self.admin.list_topics(timeout=10).topics if marker in name]
        for future in (self.admin.delete_topics(names) if names else {}).values():
            future.exception()

    def fill(self, topic: str, count: int, seed: int = 7) -> None:
        """The whole input at once, unless it is there already."""
        self.make(topic)
        if self.end(topic) >= count:
            return
        producer = self.producer(**{"linger.ms": 20, "queue.buffering.max.messages": 1_000_000})
        for event in work.events(count, seed):
            producer.produce(topic, work.encode_order(event), event["sku"])
            producer.poll(0)
        producer.flush()

    def end(self, topic: str) -> int:
        """Sum of the partitions' ends; control records count."""
        consumer = self.consumer()
        try:
            return sum(self._end(consumer, topic, partition) for partition in range(work.PARTITIONS))
        finally:
            consumer.close()

    @staticmethod
    def _end(consumer: Any, topic: str, partition: int) -> int:
        deadline = time.monotonic() + 10
        while True:  # a topic made a moment ago may have no leader yet
            try:
                return int(consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)[1])
            except KafkaException:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)


@dataclass
class Outputs:
    """What a run has put out, read committed."""

    count: int = 0
    first_ms: int = 0
    last_ms: int = 0
    ids: list[bytes] = field(default_factory=list)
    rows: dict[str, work.Row] = field(default_factory=dict)


def read_outputs(cluster: Cluster, topic: str) -> Outputs:
    """The whole topic, to its end."""
    consumer = cluster.consumer(**{"enable.partition.eof": True, "auto.offset.reset": "earliest"})
    consumer.assign([TopicPartition(topic, partition, 0) for partition in range(work.PARTITIONS)])
    out, left, last = Outputs(), set(range(work.PARTITIONS)), dict[bytes, bytes]()
    while left:
        for message in consumer.consume(CHUNK, 1.0):
            if message.error():
                left.discard(message.partition())
                continue
            at = message.timestamp()[1]
            out.first_ms = min(out.first_ms or at, at)
            out.last_ms = max(out.last_ms, at)
            out.ids.append(message.value()[work.ID_BYTES])
            last[message.key()] = message.value()
    consumer.close()
    out.count = len(out.ids)
    for value in last.values():
        event = work.decode_stock(value)
        out.rows[event["sku"]] = (event["on_hand"], event["reserved"])
    return out
