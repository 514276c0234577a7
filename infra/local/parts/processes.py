"""Skustream's own processes, each a Python module that takes its configuration from the environment."""

import sys
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import override

from infra.local.parts.contract import Command, Environment, Part, Site
from infra.local.ports import is_listening


@dataclass(frozen=True)
class Kind:
    """One process: its arguments after `python -m`, what it needs, and how one sees that it works.

    `port` and `variable`: it listens there once it works. Without a port it makes the file SKUSTREAM_READY then.
    """

    name: str
    arguments: tuple[str, ...]
    depends_on: tuple[str, ...]
    port: int | None = None
    variable: str = ""


class Process(Part):
    """A process of Skustream under the supervisor."""

    def __init__(self, kind: Kind) -> None:
        self.name = kind.name
        self.depends_on = kind.depends_on
        self.ports = (("main", kind.port),) if kind.port else ()
        self._kind = kind

    @override
    def command(self, site: Site) -> Command:
        self._mark(site).unlink(missing_ok=True)
        own = {
            "SKUSTREAM_STATE": str(site.folder(self.name)),
            "SKUSTREAM_READY": str(self._mark(site)),
            # the name makes it a static member of its group: a restart is then no rebalance and waits for nobody
            "SKUSTREAM_INSTANCE": self.name,
        }
        return Command([sys.executable, "-m", *self._kind.arguments], environment=own)

    @override
    def ready(self, site: Site) -> bool:
        return is_listening(site.port(self.name)) if self._kind.port else self._mark(site).exists()

    def _mark(self, site: Site) -> Path:
        return site.folder(self.name) / "ready"

    @override
    def environment(self, site: Site) -> Environment:
        return {self._kind.variable: str(site.port(self.name))} if self._kind.variable else {}


_CONTRACTS = ("topics", "schemas")
KINDS: tuple[Kind, ...] = (
    Kind("gateway", ("connectors.gateway",), (*_CONTRACTS, "market"), port=18080, variable="SKUSTREAM_GATEWAY_PORT"),
    Kind("worker-erp", ("streams.worker", "erp"), _CONTRACTS),
    Kind("worker-orders", ("streams.worker", "orders"), _CONTRACTS),
    Kind("worker-stock", ("streams.worker", "stock"), _CONTRACTS),
    Kind("sink", ("connectors.clickhouse",), (*_CONTRACTS, "clickhouse")),
    Kind("order-writer", ("connectors.erp",), (*_CONTRACTS, "tryton")),
    Kind("publisher", ("connectors.platforms",), (*_CONTRACTS, "market")),
    Kind("console", ("infra.console",), (*_CONTRACTS, "clickhouse"), port=18088, variable="SKUSTREAM_CONSOLE_PORT"),
)
