"""STAND-IN for WooCommerce: order bodies, signed webhooks and the part of REST v3 that Skustream uses."""

import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import aiohttp
from aiohttp import web

from connectors.platforms.signing import sign_base64
from infra.market.shops.base import Handler, StandIn
from infra.market.shops.book import Change, Order
from infra.market.shops.delivery import Habits, Signed, Webhook

BASE = "/wp-json/wc/v3"
MOST = 100


def stamp(ms: int | None) -> str | None:
    """GMT without saying so, in whole seconds."""
    return None if ms is None else datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def status_of(order: Order) -> str:
    """The order's status. An unpaid one is on hold: a bank transfer, for which WooCommerce takes the units off."""
    if order.cancelled_at is not None:
        return "cancelled"
    if order.is_shipped:
        return "completed"
    return "on-hold" if order.paid_at is None else "processing"


def body_of(shop: StandIn, order: Order) -> dict[str, Any]:
    """The REST order. There is no customer: nobody's data are simulated."""
    return {
        "id": order.order_id,
        "number": str(order.order_id),
        "status": status_of(order),
        "created_via": "skustream stand-in, not WooCommerce",
        "date_created_gmt": stamp(order.created_at),
        "date_modified_gmt": stamp(order.changed_at),
        "date_paid_gmt": stamp(order.paid_at),
        "date_completed_gmt": stamp(order.changed_at) if order.is_shipped else None,
        "line_items": [
            {
                "id": line.line_id,
                "name": f"Simulated article {line.sku}",
                "product_id": shop.book.handles[line.sku],
                "variation_id": 0,
                "sku": line.sku,
                "quantity": line.ordered,
                "total": "9.99",
            }
            for line in order.lines
        ],
        # a cancelled order is not refunded here, which is as WooCommerce has it
        "refunds": [
            {"id": order.order_id * 100 + number, "reason": "", "total": "-9.99"}
            for number, _ in enumerate(order.refunds, 1)
            if order.cancelled_at is None
        ],
    }


class WooCommerceDialect:
    """base.Dialect"""

    habits = Habits(retries=0, disables_after=5)

    def webhooks(self, shop: StandIn, order: Order, change: Change) -> list[Webhook]:
        """One per change; the body is made when it is sent, so it may tell more than what triggered it."""
        topic = "order.created" if change is Change.CREATED else "order.updated"
        if change is Change.PARTIALLY_SHIPPED:
            return []

        def make() -> Signed:
            body = json.dumps(body_of(shop, order)).encode()
            headers = {
                "Content-Type": "application/json",
                "User-Agent": "WooCommerce/10 Hookshot (skustream stand-in)",
                "X-WC-Webhook-Source": f"http://{shop.config.shop}.example/",
                "X-WC-Webhook-Topic": topic,
                "X-WC-Webhook-Resource": "order",
                "X-WC-Webhook-Event": topic.partition(".")[2],
                "X-WC-Webhook-Signature": sign_base64(body, shop.secret),
                "X-WC-Webhook-ID": "1",
                "X-WC-Webhook-Delivery-ID": uuid.uuid4().hex,
            }
            return headers, body

        return [Webhook(order.order_id, make)]

    def routes(self, shop: StandIn) -> Sequence[tuple[str, str, Handler]]:
        """Products, orders and refunds."""
        api = Api(shop)
        return (
            ("GET", f"{BASE}/products", api.products),
            ("PUT", f"{BASE}/products/{{id:[0-9]+}}", api.set_product),
            ("POST", f"{BASE}/products/batch", api.set_products),
            ("GET", f"{BASE}/orders", api.orders),
            ("GET", f"{BASE}/orders/{{id:[0-9]+}}", api.order),
            ("PUT", f"{BASE}/orders/{{id:[0-9]+}}", api.set_order),
            ("POST", f"{BASE}/orders/{{id:[0-9]+}}/notes", api.note),
            ("GET", f"{BASE}/orders/{{id:[0-9]+}}/refunds", api.refunds),
        )


class Api:
    """REST v3 of one shop."""

    def __init__(self, shop: StandIn) -> None:
        self._shop = shop
        self._book = shop.book
        key, _, secret = shop.config.token.partition(":")
        self._allowed = aiohttp.BasicAuth(key, secret).encode()

    async def products(self, request: web.Request) -> web.StreamResponse:
        """All products, or those of ``include``."""
        self._check(request)
        wanted = [int(part) for part in request.query.get("include", "").split(",") if part]
        handles = [h for h in wanted if h in self._book.skus] if wanted else list(self._book.skus)
        page, headers = _page(request, handles)
        return web.json_response([self._product(handle) for handle in page], headers=headers)

    async def set_product(self, request: web.Request) -> web.StreamResponse:
        """Set one product's stock."""
        self._check(request)
        handle = int(request.match_info["id"])
        if handle not in self._book.skus:
            return _error("woocommerce_rest_product_invalid_id", "Invalid ID.", 404)
        return web.json_response(self._set(handle, await request.json()))

    async def set_products(self, request: web.Request) -> web.StreamResponse:
        """Set up to 100 products' stock; a wrong one is named in its place."""
        self._check(request)
        wanted = (await request.json()).get("update", [])
        if len(wanted) > MOST:
            return _error("woocommerce_rest_request_entity_too_large", "Unable to accept more than 100 items.", 413)
        bad = {"code": "woocommerce_rest_product_invalid_id", "message": "Invalid ID."}
        done = [self._set(w["id"], w) if w["id"] in self._book.skus else {"id": w["id"], "error": bad} for w in wanted]
        return web.json_response({"update": done})

    async def orders(self, request: web.Request) -> web.StreamResponse:
        """Orders changed between modified_after and modified_before, both excluded."""
        self._check(request)
        after = _seconds(request.query.get("modified_after"), 0)
        before = _seconds(request.query.get("modified_before"), 1 << 40)
        found = [o for o in self._book.orders.values() if after < o.changed_at // 1000 < before]
        found.sort(key=lambda order: (order.changed_at, order.order_id))
        page, headers = _page(request, found)
        return web.json_response([body_of(self._shop, order) for order in page], headers=headers)

    async def order(self, request: web.Request) -> web.StreamResponse:
        """One order."""
        return web.json_response(body_of(self._shop, self._order(request)))

    async def set_order(self, request: web.Request) -> web.StreamResponse:
        """Change the status: cancelled or completed."""
        order = self._order(request)
        status = (await request.json()).get("status")
        if status == "cancelled":
            self._book.cancel(order.order_id, "seller")
        elif status == "completed":
            self._book.ship(order.order_id)
        return web.json_response(body_of(self._shop, order))

    async def note(self, request: web.Request) -> web.StreamResponse:
        """Write a note on an order."""
        order = self._order(request)
        order.notes.append(str((await request.json()).get("note")))
        return web.json_response({"id": len(order.notes)}, status=201)

    async def refunds(self, request: web.Request) -> web.StreamResponse:
        """What was refunded, units negative, each pointing to its line by a meta entry."""
        order = self._order(request)
        told = [
            {
                "id": order.order_id * 100 + number,
                "line_items": [
                    {"quantity": -units, "meta_data": [{"key": "_refunded_item_id", "value": str(line.line_id)}]}
                    for line, units, _ in refund
                ],
            }
            for number, refund in enumerate(order.refunds, 1)
        ]
        page, headers = _page(request, told)
        return web.json_response(page, headers=headers)

    def _order(self, request: web.Request) -> Order:
        self._check(request)
        found = self._book.orders.get(int(request.match_info["id"]))
        if found is None:
            raise web.HTTPNotFound(text='{"code":"woocommerce_rest_shop_order_invalid_id","message":"Invalid ID."}')
        return found

    def _product(self, handle: int) -> dict[str, Any]:
        sku = self._book.skus[handle]
        return {"id": handle, "sku": sku, "manage_stock": True, "stock_quantity": self._book.listings()[sku]}

    def _set(self, handle: int, wanted: dict[str, Any]) -> dict[str, Any]:
        self._book.compare_and_set(self._book.skus[handle], None, int(wanted["stock_quantity"]))
        return self._product(handle)

    def _check(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != self._allowed:
            raise web.HTTPUnauthorized(text='{"code":"woocommerce_rest_cannot_view"}')


def _page(request: web.Request, found: list[Any]) -> tuple[list[Any], dict[str, str]]:
    size, page = int(request.query.get("per_page", "10")), int(request.query.get("page", "1"))
    pages = max(1, -(-len(found) // size))
    headers = {"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(pages)}
    return found[(page - 1) * size : page * size], headers


def _seconds(date: str | None, default: int) -> int:
    return default if date is None else int(datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp())


def _error(code: str, message: str, status: int) -> web.Response:
    return web.json_response({"code": code, "message": message, "data": {"status": status}}, status=status)


WOOCOMMERCE = WooCommerceDialect()
