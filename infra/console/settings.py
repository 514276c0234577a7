"""What the console takes from its environment; only the first three are needed, the rest widens what it shows."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from connectors.process import required

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Shop:
    """A shop as the page shows it; secrets and tokens are not read."""

    channel: str
    is_stand_in: bool


@dataclass(frozen=True)
class Settings:
    """Where everything is."""

    brokers: str
    registry: str
    port: int
    clickhouse: str = ""
    home: Path | None = None
    shops: dict[str, Shop] = field(default_factory=dict)

    @property
    def is_simulated(self) -> bool:
        """Whether any shop is a stand-in, so that the figures are of a simulated market."""
        return any(shop.is_stand_in for shop in self.shops.values())


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process. Raises connectors.process.Incomplete, which names what is missing."""
    needed = required(("SKUSTREAM_BROKERS", "SKUSTREAM_REGISTRY", "SKUSTREAM_CONSOLE_PORT"), environ)
    home = environ.get("SKUSTREAM_HOME")
    return Settings(
        brokers=needed["SKUSTREAM_BROKERS"],
        registry=needed["SKUSTREAM_REGISTRY"],
        port=int(needed["SKUSTREAM_CONSOLE_PORT"]),
        clickhouse=environ.get("SKUSTREAM_CLICKHOUSE_READ", ""),
        home=Path(home) if home else None,
        shops=read_shops(environ.get("SKUSTREAM_SHOPS", "")),
    )


def read_shops(path: str) -> dict[str, Shop]:
    """The shops of shops.json by channel; none when there is no such file. A shop on loopback is a stand-in."""
    if not path or not Path(path).is_file():
        return {}
    found = {}
    for entry in json.loads(Path(path).read_text(encoding="utf-8")):
        channel = f"{entry['platform']}:{entry['shop']}"
        host = urlsplit(str(entry.get("url", ""))).hostname or ""
        found[channel] = Shop(channel, is_stand_in=bool(entry.get("stand_in", host in LOOPBACK)))
    return found
