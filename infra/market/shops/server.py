"""STAND-IN shops, several in one process on one port: /<platform>/<shop>/... speaks the platform's admin API."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

from infra.market.shops.base import Dialect, Handler, ShopConfig, StandIn, Wiring
from infra.market.shops.faults import Faults
from infra.market.shops.shopify import SHOPIFY
from infra.market.shops.woocommerce import WOOCOMMERCE

DIALECTS: tuple[tuple[str, Dialect], ...] = (("shopify", SHOPIFY), ("woocommerce", WOOCOMMERCE))
ABOUT = "A simulated shop (stand-in) of Skustream's market. It is not the platform whose wire format it speaks."
FIRST_ID = 5_000_000_000_000
"""Order ids beyond 32 bits, as Shopify has them."""
log = structlog.get_logger()


class ShopServer:
    """Simulated shops with their admin APIs. Use it inside one running loop."""

    def __init__(
        self,
        configs: Sequence[ShopConfig],
        gateway: str,
        seed: int = 7,
        faults: Faults | None = None,
        first_id: int = FIRST_ID,
    ) -> None:
        known = dict(DIALECTS)
        self.shops: dict[str, StandIn] = {}
        """By channel, platform:shop."""
        for number, config in enumerate(configs):
            wiring = Wiring(gateway, seed, faults or Faults(), first_id + number * 1_000_000_000 + 1)
            self.shops[config.channel] = StandIn(config, known[config.platform], wiring)
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self, port: int = 0) -> str:
        """Listen on loopback (a free port for 0); the base URL."""
        self._runner = web.AppRunner(self._app(), access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        log.info("stand-in shops are open; they are simulated", url=self.url, shops=list(self.shops))
        return self.url

    async def stop(self) -> None:
        """Close the admin APIs and give up webhooks that are under way."""
        for shop in self.shops.values():
            await shop.sender.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def drain(self) -> None:
        """Return when every webhook is delivered or given up."""
        for shop in self.shops.values():
            await shop.sender.drain()

    def shops_json(self) -> list[dict[str, Any]]:
        """What Skustream needs to know of them: the content of shops.json. Call it after ``start``."""
        return [
            {
                "platform": shop.config.platform,
                "shop": shop.config.shop,
                "secrets": list(dict.fromkeys([shop.secret, shop.config.secret])),
                "url": f"{self.url}/{shop.config.platform}/{shop.config.shop}",
                "token": shop.config.token,
            }
            for shop in self.shops.values()
        ]

    def write_shops_json(self, path: Path) -> None:
        """Write shops.json so that a reader never sees half of it."""
        unfinished = path.with_suffix(".tmp")
        unfinished.write_text(json.dumps(self.shops_json(), indent=2))
        unfinished.replace(path)

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=8 << 20)
        app.router.add_get("/__about", self._about)
        app.router.add_post("/__control/{platform}/{shop}", self._control)
        for shop in self.shops.values():
            prefix = f"/{shop.config.platform}/{shop.config.shop}"
            for method, path, handler in shop.dialect.routes(shop):
                app.router.add_route(method, prefix + path, _with_faults(shop, handler))
        return app

    async def _about(self, _: web.Request) -> web.StreamResponse:
        shops = {
            channel: {
                "orders": len(shop.book.orders),
                "webhooks": vars(shop.sender.tally),
                "webhook_disabled": shop.sender.is_disabled,
                "online": shop.sender.is_online,
                "faults": vars(shop.dice.faults),
            }
            for channel, shop in self.shops.items()
        }
        return web.json_response({"about": ABOUT, "shops": shops})

    async def _control(self, request: web.Request) -> web.StreamResponse:
        """Body: any of ``faults`` {name: probability}, ``secret``, ``online``, ``enable_webhook``."""
        shop = self.shops.get(f"{request.match_info['platform']}:{request.match_info['shop']}")
        if shop is None:
            return web.json_response({"error": f"shops are {', '.join(self.shops)}"}, status=404)
        wanted = await request.json()
        try:
            shop.dice.faults = shop.dice.faults.changed(wanted.get("faults", {}))
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=422)
        if "secret" in wanted:
            shop.rotate(str(wanted["secret"]))
        shop.sender.is_online = bool(wanted.get("online", shop.sender.is_online))
        if wanted.get("enable_webhook"):
            shop.sender.enable()
        return await self._about(request)


def _with_faults(shop: StandIn, handler: Handler) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        fate = shop.dice.call()
        if fate == "throttle":
            return web.json_response({"errors": "Exceeded the rate limit"}, status=429, headers={"Retry-After": "1.0"})
        if fate == "fail":
            return web.json_response({"errors": "Internal Server Error"}, status=500)
        answer = await handler(request)
        answer.headers["X-Skustream-Stand-In"] = "simulated"
        if fate == "fail_after":
            return web.json_response({"errors": "Internal Server Error"}, status=500)
        return answer

    return handle
