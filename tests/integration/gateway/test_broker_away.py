"""Broker away: 2xx only for what is fsynced, kill -9 in between, and everything forwarded in order. Its own stack."""

import signal
from collections import defaultdict
from pathlib import Path

import pytest

from connectors.kafka.topics import apply_topics
from infra.local.stack import Stack
from schemas.topics import ORDERS
from tests.integration.gateway.running import Gateway, order, records, running, until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(420)]


def versions(gateway: Gateway, minutes: range) -> None:
    """Three orders change once a minute; every change is acknowledged."""
    for minute in minutes:
        for number in (1, 2, 3):
            answer = gateway.post(order(number, quantity=minute + 1, minute=minute))
            assert answer.status_code == 200, answer.text


def test_nothing_acknowledged_is_lost_and_each_order_stays_in_order(tmp_path: Path) -> None:
    with Stack(tmp_path / "stack", ("registry",)) as stack:
        apply_topics(stack.env["SKUSTREAM_BROKERS"])
        with running(tmp_path / "state", stack.env) as gateway:
            versions(gateway, range(5))
            stack.kill_part("kafka", stay_down=True)
            versions(gateway, range(5, 10))
            assert gateway.state()["stores_in"] == "spool"
            assert "Kafka is away" in gateway.log()

            gateway.stop(signal.SIGKILL)
            gateway.start()
            assert gateway.state()["spool_entries"] >= 3
            versions(gateway, range(10, 15))

            stack.start_part("kafka")
            versions(gateway, range(15, 20))
            until(lambda: gateway.state()["stores_in"] == "kafka", 60)
            versions(gateway, range(20, 25))
            stack.start_part("registry")

            seen: dict[str, list[int]] = defaultdict(list)
            for record in records(stack.env, ORDERS.name):
                seen[record["order_key"]].append(record["source_version"])
            assert len(seen) == 3
            for order_versions in seen.values():
                assert len(set(order_versions)) == 25
                last_times = {version: place for place, version in enumerate(order_versions)}
                # repeats are allowed; the last time of each version is in order
                assert sorted(last_times, key=lambda version: last_times[version]) == sorted(last_times)
