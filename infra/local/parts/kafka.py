"""The broker: one Kafka node in KRaft mode, broker and controller in one JVM."""

import base64
import uuid

from typing_extensions import override

from infra.local import jvm
from infra.local.parts.contract import Command, Environment, Part, Site

_SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "num.partitions": 4,
    "default.replication.factor": 1,
    "min.insync.replicas": 1,
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 4,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    "group.min.session.timeout.ms": 1000,
    "group.initial.rebalance.delay.ms": 0,
    "transaction.max.timeout.ms": 900_000,
    "log.cleaner.threads": 1,
    "log.cleaner.dedupe.buffer.size": 16 << 20,
    "log.cleaner.io.buffer.size": 256 << 10,
    "log.cleaner.backoff.ms": 5_000,
    "log.segment.bytes": 64 << 20,
    "log.retention.check.interval.ms": 60_000,
    "num.network.threads": 2,
    "num.io.threads": 4,
    "background.threads": 2,
    "num.recovery.threads.per.data.dir": 2,
    # a broker that was killed may register again only when its old session has ended: 9 s with the default
    "broker.session.timeout.ms": 3_000,
    "broker.heartbeat.interval.ms": 500,
}


class Kafka(Part):
    """Kafka 4.3.1. Its data survive a stop; the port may differ at the next start."""

    name = "kafka"
    ports = (("main", 19092), ("controller", 19093))
    bundles = ("kafka",)

    @override
    def prepare(self, site: Site) -> None:
        folder = site.folder(self.name)
        listener, controller = (f"127.0.0.1:{site.port(self.name, port)}" for port in ("main", "controller"))
        settings = {
            **_SETTINGS,
            # the static quorum, since a dynamic one stores the controller's port in its log and ports may move
            "controller.quorum.voters": f"1@{controller}",
            "listeners": f"PLAINTEXT://{listener},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{listener}",
            "log.dirs": folder / "logs",
        }
        (folder / "server.properties").write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
        if not (folder / "logs" / "meta.properties").exists():
            cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
            arguments = ["format", f"--cluster-id={cluster}", "-c", str(folder / "server.properties")]
            site.run(self.name, Command(self._program(site, "kafka.tools.StorageTool").argv(site, *arguments)))

    @override
    def command(self, site: Site) -> Command:
        properties = str(site.folder(self.name) / "server.properties")
        return Command(self._program(site, "kafka.Kafka").argv(site, properties))

    @override
    def settle(self, site: Site) -> None:
        self._program(site, "kafka.Kafka").share_classes(site)

    @override
    def ready(self, site: Site) -> bool:
        from confluent_kafka import KafkaException
        from confluent_kafka.admin import AdminClient

        admin = AdminClient({"bootstrap.servers": brokers(site), "log_level": 0})
        try:
            return bool(admin.list_topics(timeout=1.0).brokers)
        except KafkaException:
            return False

    @override
    def environment(self, site: Site) -> Environment:
        return {"SKUSTREAM_BROKERS": brokers(site)}

    def _program(self, site: Site, main: str) -> jvm.Program:
        option = jvm.log4j(site.folder(self.name))
        return jvm.Program(self.name, jvm.jars(site.cache, self.bundles), main, heap=384, options=(option,))


def brokers(site: Site) -> str:
    """The broker's address as host:port."""
    return f"127.0.0.1:{site.port('kafka')}"
