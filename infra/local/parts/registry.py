"""The schema registry: Apicurio, its storage in topics of the same broker."""

import http.client

from infra.local import jvm
from infra.local.parts.contract import Command, Environment, Part, Site
from infra.local.parts.kafka import brokers
from infra.local.unpack import unpacked

_HEAP = jvm.Heap(heap=256, metaspace=192)
_API = "/apis/ccompat/v7"


class Registry(Part):
    """Apicurio Registry 3.3.3, spoken to through its Confluent-compatible API."""

    name = "registry"
    depends_on = ("kafka",)
    ports = {"main": 18081, "management": 18082}
    bundles = ("registry",)

    def prepare(self, site: Site) -> None:
        unpacked("registry", site.cache)

    def command(self, site: Site) -> Command:
        folder = unpacked("registry", site.cache)
        settings = {
            "quarkus.http.host": "127.0.0.1",
            "quarkus.http.port": site.port(self.name),
            "quarkus.management.host": "127.0.0.1",
            # its default collides with ClickHouse's native port
            "quarkus.management.port": site.port(self.name, "management"),
            "quarkus.banner.enabled": "false",
            "quarkus.log.level": "WARN",
            "apicurio.storage.kind": "kafkasql",
            "apicurio.kafkasql.bootstrap.servers": brokers(site),
        }
        java = [jvm.java(), *jvm.options(self.name, site.cache, _HEAP)]
        return Command([*java, *(f"-D{key}={value}" for key, value in settings.items()), "-jar", str(folder / "quarkus-run.jar")])

    def ready(self, site: Site) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", site.port(self.name), timeout=2)
        try:
            connection.request("GET", f"{_API}/subjects")
            return connection.getresponse().status == http.client.OK
        except http.client.HTTPException:
            return False
        finally:
            connection.close()

    def environment(self, site: Site) -> Environment:
        return {"SKUSTREAM_REGISTRY": f"http://127.0.0.1:{site.port(self.name)}{_API}"}
