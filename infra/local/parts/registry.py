"""The schema registry: Apicurio, its storage in topics of the same broker."""

import http.client

from typing_extensions import override

from infra.local import jvm
from infra.local.parts.contract import Command, Environment, Part, Site
from infra.local.parts.kafka import brokers
from infra.local.unpack import unpacked

_API = "/apis/ccompat/v7"


class Registry(Part):
    """Apicurio Registry 3.3.3, spoken to through its Confluent-compatible API."""

    name = "registry"
    depends_on = ("kafka",)
    ports = (("main", 18081), ("management", 18082))
    bundles = ("registry",)

    @override
    def prepare(self, site: Site) -> None:
        unpacked("registry", site.cache)

    @override
    def command(self, site: Site) -> Command:
        settings = {
            "quarkus.http.host": "127.0.0.1",
            "quarkus.http.port": site.port(self.name),
            "quarkus.management.host": "127.0.0.1",
            # its default collides with ClickHouse's native port
            "quarkus.management.port": site.port(self.name, "management"),
            "quarkus.banner.enabled": "false",
            "quarkus.log.level": "WARN",
            "quarkus.http.access-log.enabled": "false",
            "quarkus.otel.sdk.disabled": "true",
            "java.util.logging.manager": "org.jboss.logmanager.LogManager",
            "apicurio.storage.kind": "kafkasql",
            "apicurio.kafkasql.bootstrap.servers": brokers(site),
            # at each start it polls the (empty) snapshot topic twice for this long: 10 s with the default
            "apicurio.kafkasql.consumer.poll.timeout": 200,
        }
        argv = self._program(site).argv(site)
        return Command([argv[0], *(f"-D{key}={value}" for key, value in settings.items()), *argv[1:]])

    @override
    def settle(self, site: Site) -> None:
        self._program(site).share_classes(site)

    def _program(self, site: Site) -> jvm.Program:
        """A plain class path: classes loaded by Quarkus' own launcher cannot be shared (7.6 against 4.9 CPU s)."""
        folder = unpacked("registry", site.cache)
        # classes that the build has changed come before their originals
        changed = [folder / "quarkus" / f"{kind}-bytecode.jar" for kind in ("transformed", "generated")]
        rest = [jar for place in ("app", "lib/boot", "lib/main") for jar in sorted((folder / place).glob("*.jar"))]
        return jvm.Program(
            self.name, (*changed, *rest), "io.quarkus.runner.GeneratedMain", heap=256, metaspace=192,
            options=("--add-opens=java.base/java.lang=ALL-UNNAMED",),
        )  # fmt: skip

    @override
    def ready(self, site: Site) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", site.port(self.name), timeout=2)
        try:
            connection.request("GET", f"{_API}/subjects")
            return connection.getresponse().status == http.client.OK
        except http.client.HTTPException:
            return False
        finally:
            connection.close()

    @override
    def environment(self, site: Site) -> Environment:
        return {"SKUSTREAM_REGISTRY": f"http://127.0.0.1:{site.port(self.name)}{_API}"}
