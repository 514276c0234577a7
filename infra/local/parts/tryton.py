"""The ERP: Tryton on the stack's PostgreSQL, its database restored from a template that is made once."""

import sys
from pathlib import Path
from typing import TextIO

from typing_extensions import override

from infra.local.errors import PartError
from infra.local.parts.contract import Command, Environment, Part, Site
from infra.local.parts.postgres import uri
from infra.local.ports import is_listening

CATALOGUE = "catalogue.json"
"""In the home folder: the goods and the first stock of a new database; the market's, unless there is one already."""


class Tryton(Part):
    """Tryton 8.2. Making the template takes about 40 s of CPU, once per user; a restore takes two seconds."""

    name = "tryton"
    depends_on = ("postgres",)
    ports = (("main", 18000),)

    # the ERP's modules are imported late: they read this package for PostgreSQL's programs
    @override
    def set_up(self, site: Site) -> None:
        from infra.local.tryton import server, template

        address = uri(site, "").rstrip("/")
        catalogue = site.home / CATALOGUE
        if not catalogue.exists():
            # in a process of its own: it reads a year of baskets, and the supervisor stays small
            site.run(self.name, Command([sys.executable, "-m", "infra.market.catalogue", str(catalogue)]))
        with site.log(self.name).open("a", buffering=1) as log:
            try:
                dump = template.ensure_dump(
                    address, site.cache / "tryton", catalogue,
                    lambda message: _write(log, message),
                )  # fmt: skip
                template.ensure_database(address, dump, site.secrets["tryton"])
            except template.TemplateError as error:
                raise PartError(str(error)) from error
        server.write_config(self._config(site), address, self._listen(site))

    @override
    def command(self, site: Site) -> Command:
        from infra.local.tryton import server

        path = f"{server.MODULE}:{site.environment['PYTHONPATH']}"
        return Command(server.command(self._config(site)), environment={"PYTHONPATH": path})

    @override
    def ready(self, site: Site) -> bool:
        return is_listening(site.port(self.name))

    @override
    def environment(self, site: Site) -> Environment:
        from infra.local.tryton import server

        return {"SKUSTREAM_TRYTON": server.url(site.secrets["tryton"], self._listen(site))}

    def _config(self, site: Site) -> Path:
        return site.folder(self.name) / "trytond.conf"

    def _listen(self, site: Site) -> str:
        return f"127.0.0.1:{site.port(self.name)}"


def _write(log: TextIO, message: str) -> None:
    log.write(f"{message}\n")
