"""The client settings that every process outside Faust shares, with the reason for each."""

from typing import Any


def producer_settings(brokers: str, client_id: str, delivery_timeout_ms: int = 120_000) -> dict[str, Any]:
    """An idempotent producer that waits for all replicas. ``delivery_timeout_ms``: when it gives a message up."""
    return {
        "bootstrap.servers": brokers,
        "client.id": client_id,
        "acks": "all",
        "enable.idempotence": True,
        # as Java clients and the agents do: agent orders needs an order's records of two topics in the same partition
        "partitioner": "murmur2_random",
        "message.timeout.ms": delivery_timeout_ms,
        # one broker round trip is a few milliseconds: waiting two for company halves the requests under load
        "linger.ms": 2,
        "compression.type": "lz4",
        # the default back-off of a broken connection reaches 10 s, which is most of a short outage
        "reconnect.backoff.ms": 100,
        "reconnect.backoff.max.ms": 1000,
        "message.max.bytes": 2_097_152,
    }


def consumer_settings(brokers: str, group: str, client_id: str) -> dict[str, Any]:
    """A consumer that commits by hand after success and reads only what was committed by transactions."""
    return {
        "bootstrap.servers": brokers,
        "group.id": group,
        "client.id": client_id,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "earliest",
        "isolation.level": "read_committed",
        # a killed process is given up after ten seconds, not 45: until then nobody reads its partitions
        "session.timeout.ms": 10_000,
        "heartbeat.interval.ms": 2_000,
        "partition.assignment.strategy": "cooperative-sticky",
        "reconnect.backoff.ms": 100,
        "reconnect.backoff.max.ms": 1000,
        # the default lets a fetch wait half a second for its first byte after an empty partition
        "fetch.wait.max.ms": 50,
        "fetch.error.backoff.ms": 50,
    }
