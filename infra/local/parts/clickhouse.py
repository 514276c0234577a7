"""The ClickHouse engine behind ClickHouse's HTTP interface, in one process."""

import http.client
import sys

from typing_extensions import override

from infra.local.parts.contract import Command, Environment, Part, Site

_MEMORY_MB = 900


class ClickHouse(Part):
    """`python -m infra.local.clickhouse`, with a token that may write and one that may only read."""

    name = "clickhouse"
    ports = (("main", 18123),)

    @override
    def command(self, site: Site) -> Command:
        path, port = site.folder(self.name), site.port(self.name)
        arguments = ["--path", str(path), "--port", str(port), "--memory-mb", str(_MEMORY_MB)]
        tokens = {
            "SKUSTREAM_ENGINE_RW_TOKEN": site.secrets["clickhouse_write"],
            "SKUSTREAM_ENGINE_RO_TOKEN": site.secrets["clickhouse_read"],
        }
        return Command([sys.executable, "-m", "infra.local.clickhouse", *arguments], environment=tokens)

    @override
    def ready(self, site: Site) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", site.port(self.name), timeout=2)
        try:
            connection.request("GET", "/ping")
            return connection.getresponse().status == http.client.OK
        except http.client.HTTPException:
            return False
        finally:
            connection.close()

    @override
    def environment(self, site: Site) -> Environment:
        def url(token: str) -> str:
            return f"http://default:{site.secrets[token]}@127.0.0.1:{site.port(self.name)}/skustream"

        return {"SKUSTREAM_CLICKHOUSE": url("clickhouse_write"), "SKUSTREAM_CLICKHOUSE_READ": url("clickhouse_read")}
