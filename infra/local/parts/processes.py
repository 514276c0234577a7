"""Skustream's own processes, each a Python module that takes its configuration from the environment."""

import sys
from dataclasses import dataclass

from typing_extensions import override

from infra.local.parts.contract import Command, Environment, Part, Site
from infra.local.ports import is_listening


@dataclass(frozen=True)
class Kind:
    """One process: its arguments after `python -m`, what it needs, and how one sees that it works.

    `port` and `variable`: it listens there once it works. `group`: it is a member of that consumer group once it works.
    """

    name: str
    arguments: tuple[str, ...]
    depends_on: tuple[str, ...]
    port: int | None = None
    variable: str = ""
    group: str = ""


class Process(Part):
    """A process of Skustream under the supervisor."""

    def __init__(self, kind: Kind) -> None:
        self.name = kind.name
        self.depends_on = kind.depends_on
        self.ports = (("main", kind.port),) if kind.port else ()
        self._kind = kind

    @override
    def command(self, site: Site) -> Command:
        # the name makes it a static member of its group: a restart is then no rebalance and waits for nobody
        own = {"SKUSTREAM_STATE": str(site.folder(self.name)), "SKUSTREAM_INSTANCE": self.name}
        return Command([sys.executable, "-m", *self._kind.arguments], environment=own)

    @override
    def ready(self, site: Site) -> bool:
        if self._kind.port:
            return is_listening(site.port(self.name))
        return not self._kind.group or _has_members(site.environment["SKUSTREAM_BROKERS"], self._kind.group)

    @override
    def environment(self, site: Site) -> Environment:
        return {self._kind.variable: str(site.port(self.name))} if self._kind.variable else {}


def _has_members(brokers: str, group: str) -> bool:
    """Whether the group is settled and somebody in it has partitions."""
    from confluent_kafka import ConsumerGroupState, KafkaException
    from confluent_kafka.admin import AdminClient

    admin = AdminClient({"bootstrap.servers": brokers, "log_level": 0})
    try:
        found = admin.describe_consumer_groups([group], request_timeout=2.0)[group].result()
    except KafkaException:
        return False
    members = [member for member in found.members if member.assignment and member.assignment.topic_partitions]
    return bool(members) and found.state == ConsumerGroupState.STABLE


_CONTRACTS = ("topics", "schemas")
KINDS: tuple[Kind, ...] = (
    Kind("gateway", ("connectors.gateway",), (*_CONTRACTS, "market"), port=18080, variable="SKUSTREAM_GATEWAY_PORT"),
    Kind("worker-erp", ("streams.worker", "erp"), _CONTRACTS, group="skustream-erp-v1"),
    Kind("worker-orders", ("streams.worker", "orders"), _CONTRACTS, group="skustream-orders-v1"),
    Kind("worker-stock", ("streams.worker", "stock"), _CONTRACTS, group="skustream-stock-v1"),
    Kind("sink", ("connectors.clickhouse",), (*_CONTRACTS, "clickhouse"), group="clickhouse-sink"),
    Kind("order-writer", ("connectors.erp",), (*_CONTRACTS, "tryton"), group="order-writer"),
    Kind("publisher", ("connectors.platforms",), (*_CONTRACTS, "market")),
    Kind("console", ("infra.console",), (*_CONTRACTS, "clickhouse"), port=18088, variable="SKUSTREAM_CONSOLE_PORT"),
)
