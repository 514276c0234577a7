"""`python -m connectors.clickhouse`: the sink process, Kafka to ClickHouse."""

import os
import signal
import sys
from pathlib import Path

import structlog
from confluent_kafka import Consumer, Producer

from connectors.clickhouse.client import Client, connect
from connectors.clickhouse.deadletters import DeadLetters
from connectors.clickhouse.destination import Destination
from connectors.clickhouse.migrate import migrate
from connectors.clickhouse.sink import Sink, Stopped
from connectors.kafka.ids import CachedIds
from connectors.kafka.settings import consumer_settings, producer_settings
from connectors.process import USAGE, Incomplete, configure_logs, required
from schemas.codec import Codec, SchemaIds
from schemas.registry import Registry

GROUP = "clickhouse-sink"
log = structlog.get_logger()


def _consumer(brokers: str, instance: str) -> Consumer:
    return Consumer(
        {
            **consumer_settings(brokers, GROUP, GROUP),
            "enable.partition.eof": True,
            # a sink that was killed and started again takes its partitions over at once instead of after the session's
            # end, and of two sinks by the same name the older one is fenced
            "group.instance.id": f"{GROUP}-{instance}",
            "session.timeout.ms": 10_000,
            # a start offset that Kafka no longer has is an error to be seen, not a place to jump from
            "auto.offset.reset": "error",
            # waiting for ClickHouse happens between polls and may take long
            "max.poll.interval.ms": 86_400_000,
            "queued.max.messages.kbytes": 65_536,
            "queued.min.messages": 50_000,
        }
    )


def _schemas(registry: str) -> SchemaIds:
    """The registry, and what it said before for when it is away."""
    state = os.environ.get("SKUSTREAM_STATE")
    return CachedIds(Registry(registry), Path(state) / "schema-ids.json") if state else Registry(registry)


def _migrate(url: str, sink: Sink) -> None:
    report = sink.wait_for("ClickHouse", lambda: migrate(url))
    log.info("migrated", ran=report.migrations, views=len(report.views))


def main() -> int:
    """Bring the database up to date, then move records until SIGTERM. 2 when the environment is incomplete."""
    configure_logs(GROUP)
    try:
        env = required(("SKUSTREAM_BROKERS", "SKUSTREAM_REGISTRY", "SKUSTREAM_CLICKHOUSE"))
    except Incomplete as error:
        sys.stderr.write(f"{GROUP}: {error}\n")
        return USAGE
    url = env["SKUSTREAM_CLICKHOUSE"]
    codec = Codec(_schemas(env["SKUSTREAM_REGISTRY"]))

    def open_client() -> Client:
        return connect(url)

    producer = Producer(producer_settings(env["SKUSTREAM_BROKERS"], GROUP, delivery_timeout_ms=25_000))
    consumer = _consumer(env["SKUSTREAM_BROKERS"], os.environ.get("SKUSTREAM_INSTANCE") or "0")
    sink = Sink(consumer, Destination(open_client), codec, DeadLetters(producer))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sink.stop())
    try:
        _migrate(url, sink)
    except Stopped:
        return 0
    sink.run()
    log.info("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
