"""What the sink has done and how far it is behind, as a log line every few seconds."""

import time
from collections.abc import Mapping

import structlog
from confluent_kafka import Consumer, IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from connectors.clickhouse.batch import Partition
from connectors.clickhouse.client import UNKNOWN_DATABASE, UNKNOWN_TABLE, DatabaseError, connect
from connectors.clickhouse.destination import Destination
from connectors.clickhouse.history import TABLE_OF

log = structlog.get_logger()

EVERY_S = 10.0


class Progress:
    """Counts since the last report."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._rows = 0
        self._records = 0
        self._batches = 0
        self.rows_in_all = 0

    def count(self, rows: int, records: int) -> None:
        """One batch is stored."""
        self._rows += rows
        self._records += records
        self._batches += 1
        self.rows_in_all += rows

    def report(self, consumer: Consumer, reached: Mapping[Partition, int]) -> None:
        """Log rows/s, batches and lag (records behind the end of the topics) if it is time."""
        seconds = time.monotonic() - self._since
        if seconds < EVERY_S:
            return
        log.info(
            "progress",
            rows=self._rows,
            rows_per_s=round(self._rows / seconds, 1),
            records=self._records,
            batches=self._batches,
            lag_records=_lag(consumer, reached),
            rows_in_all=self.rows_in_all,
        )
        self._since = time.monotonic()
        self._rows = self._records = self._batches = 0


def behind(brokers: str, url: str) -> int:
    """Offsets at the end of all topics of HISTORY_TABLES that sink_offsets has not reached; 0 when all is stored.

    Asks Kafka and ClickHouse, not the sink. Transactions' markers have offsets too, so compare for 0 or for growth.
    """
    reached = _reached(url)
    admin = AdminClient({"bootstrap.servers": brokers})
    there = admin.list_topics(timeout=30).topics
    wanted = {
        TopicPartition(topic, partition): OffsetSpec.latest()  # type: ignore[no-untyped-call]
        for topic in TABLE_OF
        if topic in there
        for partition in there[topic].partitions
    }
    found = admin.list_offsets(wanted, isolation_level=IsolationLevel.READ_COMMITTED)
    ends = {Partition(item.topic, item.partition): future.result().offset for item, future in found.items()}
    return sum(max(0, end - reached.get(partition, 0)) for partition, end in ends.items())


def _reached(url: str) -> dict[Partition, int]:
    try:
        with connect(url) as client:
            return Destination(lambda: client).next_offsets()
    except DatabaseError as error:
        # the sink makes database and tables when it starts first
        if error.code in (UNKNOWN_TABLE, UNKNOWN_DATABASE):
            return {}
        raise


def _lag(consumer: Consumer, reached: Mapping[Partition, int]) -> int:
    behind = 0
    for partition, offset in reached.items():
        try:
            low, high = consumer.get_watermark_offsets(
                TopicPartition(partition.topic, partition.partition), cached=True
            )
        except KafkaException:
            # not known before the first fetch of a partition; the next report has it
            continue
        behind += max(0, high - max(offset, low))
    return behind
