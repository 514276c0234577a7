"""``python -m infra.market.shops --config shops.json``: the stand-in shops as a process of their own."""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from infra.market.shops.base import ShopConfig
from infra.market.shops.server import ShopServer


async def serve(given: argparse.Namespace) -> None:
    """Open the shops, write shops.json for Skustream, and stay until told to stop."""
    entries = json.loads(Path(given.config).read_text())
    configs = [ShopConfig(e["platform"], e["shop"], e["secret"], e["token"], e.get("listings", {})) for e in entries]
    server = ShopServer(configs, given.gateway, given.seed)
    await server.start(given.port)
    if given.write:
        server.write_shops_json(Path(given.write))
    stop = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    await stop.wait()
    await server.stop()


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", required=True, help="JSON list of {platform, shop, secret, token, listings}")
    parser.add_argument("--gateway", required=True, help="base URL of the gateway")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--write", help="where to write shops.json for Skustream")
    asyncio.run(serve(parser.parse_args()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
