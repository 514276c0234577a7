"""The other back end of the fixture `stack`: the same parts as containers, where an engine is present."""

import os
import secrets
from collections.abc import Callable
from typing import Any

from testcontainers.core.container import DockerContainer
from testcontainers.core.waiting_utils import wait_for_logs

from connectors.kafka.topics import apply_topics

_PASSWORD = secrets.token_hex(8)
Starter = Callable[["ContainerStack"], None]


class ContainerStack:
    """Kafka, PostgreSQL and ClickHouse in containers; `env`, `require` and `stop` are those of Stack."""

    def __init__(self) -> None:
        self.env: dict[str, str] = {}
        self._running: dict[str, DockerContainer] = {}

    def require(self, *parts: str, timeout: float = 300.0) -> None:
        """Start these parts if they are not there; KeyError for one that has no container."""
        for part in parts:
            if part not in self._running and part != "topics":
                STARTERS[part](self)
            if part == "topics":
                self.require("kafka")
                apply_topics(self.env["SKUSTREAM_BROKERS"])

    def status(self) -> dict[str, Any]:
        """The parts that run."""
        return {"ready": True, "parts": {name: {"state": "ready"} for name in self._running}}

    def stop(self) -> None:
        """Remove all containers."""
        for container in self._running.values():
            container.stop()
        self._running.clear()

    def add(self, name: str, container: DockerContainer) -> None:
        """Start a container and remember it."""
        self._running[name] = container
        container.start()


def _kafka(stack: ContainerStack) -> None:
    from testcontainers.kafka import KafkaContainer

    container = KafkaContainer().with_kraft()
    stack.add("kafka", container)
    stack.env["SKUSTREAM_BROKERS"] = container.get_bootstrap_server()


def _postgres(stack: ContainerStack) -> None:
    from testcontainers.postgres import PostgresContainer

    container = PostgresContainer("postgres:18").with_command("postgres -c wal_level=logical")
    stack.add("postgres", container)
    stack.env["SKUSTREAM_POSTGRES"] = container.get_connection_url(driver=None)


def _clickhouse(stack: ContainerStack) -> None:
    container = DockerContainer("clickhouse/clickhouse-server").with_exposed_ports(8123)
    stack.add("clickhouse", container.with_env("CLICKHOUSE_PASSWORD", _PASSWORD).with_env("CLICKHOUSE_DB", "skustream"))
    wait_for_logs(container, "Ready for connections", timeout=60)
    address = f"{container.get_container_host_ip()}:{container.get_exposed_port(8123)}/skustream"
    for name in ("SKUSTREAM_CLICKHOUSE", "SKUSTREAM_CLICKHOUSE_READ"):
        stack.env[name] = f"http://default:{_PASSWORD}@{address}"


STARTERS: dict[str, Starter] = {"kafka": _kafka, "postgres": _postgres, "clickhouse": _clickhouse}


def wanted() -> bool:
    """Whether containers were asked for and an engine answers."""
    if os.environ.get("SKUSTREAM_TEST_BACKEND") != "testcontainers":
        return False
    import docker
    from docker.errors import DockerException

    try:
        docker.from_env().ping()
    except DockerException:
        return False
    return True
