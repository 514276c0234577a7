"""The simulated market with its stand-in shops: the far side of gateway and publisher where there are no real shops."""

import sys
from pathlib import Path

from typing_extensions import override

from infra.local.parts.contract import Command, Environment, Part, Site
from infra.local.ports import is_listening


class Market(Part):
    """Shops, shoppers, warehouse and the truth about them; writes shops.json."""

    name = "market"
    depends_on = ("topics", "schemas", "tryton")
    ports = (("main", 18090), ("shops", 18091))

    @override
    def command(self, site: Site) -> Command:
        state = {"SKUSTREAM_STATE": str(site.folder(self.name))}
        return Command([sys.executable, "-m", "infra.market"], environment=state)

    @override
    def ready(self, site: Site) -> bool:
        return is_listening(site.port(self.name)) and Path(site.environment["SKUSTREAM_SHOPS"]).exists()

    @override
    def environment(self, site: Site) -> Environment:
        return {
            "SKUSTREAM_MARKET_PORT": str(site.port(self.name)),
            "SKUSTREAM_MARKET_SHOPS_PORT": str(site.port(self.name, "shops")),
        }
