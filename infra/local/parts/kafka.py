"""The broker: one Kafka node in KRaft mode, broker and controller in one JVM."""

import base64
import uuid
from pathlib import Path

from infra.local import jvm
from infra.local.parts.contract import Command, Environment, Part, Site

_HEAP = jvm.Heap(heap=384)
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
    # a stop must not wait for other brokers: there are none
    "controlled.shutdown.enable": "false",
}


class Kafka(Part):
    """Kafka 4.3.1. Its data survive a stop; the port may differ at the next start."""

    name = "kafka"
    ports = {"main": 19092, "controller": 19093}
    bundles = ("kafka",)

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
        jvm.log4j(folder)
        if not (folder / "logs" / "meta.properties").exists():
            cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
            arguments = ["format", "-t", cluster, "-c", str(folder / "server.properties")]
            site.run(self.name, Command(self._java(site, "kafka-format", "kafka.tools.StorageTool") + arguments))

    def command(self, site: Site) -> Command:
        properties = str(site.folder(self.name) / "server.properties")
        return Command([*self._java(site, "kafka", "kafka.Kafka"), properties])

    def ready(self, site: Site) -> bool:
        from confluent_kafka import KafkaException
        from confluent_kafka.admin import AdminClient

        admin = AdminClient({"bootstrap.servers": brokers(site), "log_level": 0})
        try:
            return bool(admin.list_topics(timeout=1.0).brokers)
        except KafkaException:
            return False

    def environment(self, site: Site) -> Environment:
        return {"SKUSTREAM_BROKERS": brokers(site)}

    def _java(self, site: Site, archive: str, main: str) -> list[str]:
        log4j = f"-Dlog4j2.configurationFile={Path(site.folder(self.name)) / 'log4j2.properties'}"
        options = jvm.options(archive, site.cache, _HEAP)
        return [jvm.java(), *options, log4j, "-cp", jvm.classpath(site.cache, ("kafka",)), main]


def brokers(site: Site) -> str:
    """The broker's address as host:port."""
    return f"127.0.0.1:{site.port('kafka')}"
