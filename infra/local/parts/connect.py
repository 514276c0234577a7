"""Kafka Connect in distributed mode, one worker, with Debezium's PostgreSQL connector."""

import http.client
import json

from typing_extensions import override

from infra.local import jvm
from infra.local.parts.contract import Command, Part, Site
from infra.local.parts.kafka import brokers
from infra.local.unpack import unpacked

_SETTINGS = {
    "group.id": "skustream-connect",
    "exactly.once.source.support": "enabled",
    "key.converter": "org.apache.kafka.connect.json.JsonConverter",
    "key.converter.schemas.enable": "false",
    "value.converter": "org.apache.kafka.connect.json.JsonConverter",
    "value.converter.schemas.enable": "false",
    "config.storage.topic": "connect.configs",
    "offset.storage.topic": "connect.offsets",
    "offset.storage.partitions": 1,
    "status.storage.topic": "connect.status",
    "status.storage.partitions": 1,
    "config.storage.replication.factor": 1,
    "offset.storage.replication.factor": 1,
    "status.storage.replication.factor": 1,
    # scanning the class path for plugins takes seconds; all plugins here are declared
    "plugin.discovery": "service_load",
    # one worker: nobody to wait for after a restart, and a killed worker's membership should end soon
    "scheduled.rebalance.max.delay.ms": 0,
    "session.timeout.ms": 6_000,
    "heartbeat.interval.ms": 1_000,
}


class Connect(Part):
    """Kafka Connect 4.3.1 with Debezium 3.7; its configuration and offsets are topics of the broker."""

    name = "connect"
    depends_on = ("kafka",)
    ports = (("main", 18083),)
    bundles = ("connect", "debezium")

    @override
    def prepare(self, site: Site) -> None:
        settings = {
            **_SETTINGS,
            "bootstrap.servers": brokers(site),
            "listeners": f"http://127.0.0.1:{site.port(self.name)}",
            "plugin.path": unpacked("debezium", site.cache),
        }
        path = site.folder(self.name) / "worker.properties"
        path.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
        self._program(site)

    @override
    def command(self, site: Site) -> Command:
        return Command(self._program(site).argv(site, str(site.folder(self.name) / "worker.properties")))

    @override
    def ready(self, site: Site) -> bool:
        return isinstance(ask(site, "GET", "/connectors"), list)

    @override
    def settle(self, site: Site) -> None:
        self._program(site).share_classes(site)

    def _program(self, site: Site) -> jvm.Program:
        option = jvm.log4j(site.folder(self.name))
        main = "org.apache.kafka.connect.cli.ConnectDistributed"
        return jvm.Program(self.name, jvm.jars(site.cache, ("connect", "kafka")), main, heap=256, options=(option,))


def ask(site: Site, method: str, path: str, body: object = None, timeout: float = 5.0) -> object:
    """One call of Connect's REST interface; its answer, or None for an answer that is no success. Raises OSError."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port("connect"), timeout=timeout)
    try:
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
        return json.loads(content) if answer.status < http.client.MULTIPLE_CHOICES and content else None
    except http.client.HTTPException as error:
        raise ConnectionError(str(error)) from error
    finally:
        connection.close()
