"""STAND-IN for Shopify: order bodies, signed webhooks and the part of the Admin API that Skustream uses."""

import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from aiohttp import web

from connectors.platforms.signing import sign_base64
from infra.market.shops.base import Handler, StandIn
from infra.market.shops.book import Change, Line, Order
from infra.market.shops.delivery import Habits, Signed, Webhook
from infra.market.shops.shopify_graphql import answer_graphql

VERSION = "2026-07"
PAGE = 250
LOCAL = timezone(timedelta(hours=-5))
"""Shopify writes the shop's own time zone into its dates."""
TOPICS: dict[Change, str] = {
    Change.CREATED: "orders/create",
    Change.PAID: "orders/paid",
    Change.SHIPPED: "orders/fulfilled",
    Change.PARTIALLY_SHIPPED: "orders/partially_fulfilled",
    Change.REFUNDED: "orders/updated",
    Change.CANCELLED: "orders/cancelled",
}


def stamp(ms: int | None) -> str | None:
    """Whole seconds in the shop's time zone."""
    return None if ms is None else datetime.fromtimestamp(ms // 1000, LOCAL).isoformat()


def line_item(shop: StandIn, line: Line) -> dict[str, Any]:
    """A line as in the REST order."""
    fulfilled = line.shipped and ("fulfilled" if not line.open else "partial")
    return {
        "id": line.line_id,
        "admin_graphql_api_id": f"gid://shopify/LineItem/{line.line_id}",
        "variant_id": shop.book.handles[line.sku] + 1,
        "sku": line.sku,
        "quantity": line.ordered,
        "current_quantity": line.ordered - line.removed - line.returned,
        "fulfillable_quantity": line.open,
        "fulfillment_status": fulfilled or None,
        "requires_shipping": True,
        "title": f"Simulated article {line.sku}",
        "price": "9.99",
    }


def money_of(order: Order) -> str:
    """financial_status"""
    if order.paid_at is None:
        return "pending" if order.cancelled_at is None else "voided"
    if order.cancelled_at is not None:
        return "refunded"
    return "partially_refunded" if order.refunds else "paid"


def body_of(shop: StandIn, order: Order) -> dict[str, Any]:
    """The REST order, as webhooks and order lists carry it. There is no customer: nobody's data are simulated."""
    shipped = any(line.shipped for line in order.lines)
    return {
        "id": order.order_id,
        "admin_graphql_api_id": f"gid://shopify/Order/{order.order_id}",
        "name": f"#{order.order_id % 1_000_000}",
        "created_at": stamp(order.created_at),
        "updated_at": stamp(order.changed_at),
        "processed_at": stamp(order.created_at),
        "financial_status": money_of(order),
        "fulfillment_status": ("fulfilled" if order.is_shipped else "partial") if shipped else None,
        "cancelled_at": stamp(order.cancelled_at),
        "cancel_reason": order.cancel_reason or None,
        "closed_at": None,
        "test": False,
        "source_name": "skustream stand-in, not Shopify",
        "line_items": [line_item(shop, line) for line in order.lines],
        "refunds": [
            {
                "id": order.order_id * 100 + number,
                "order_id": order.order_id,
                "refund_line_items": [
                    {"line_item_id": line.line_id, "quantity": units, "restock_type": kind}
                    for line, units, kind in refund
                ],
            }
            for number, refund in enumerate(order.refunds, 1)
        ],
    }


class ShopifyDialect:
    """base.Dialect"""

    habits = Habits(retries=8)

    def webhooks(self, shop: StandIn, order: Order, change: Change) -> list[Webhook]:
        """One per change; the body is made now and stays the same over all retries."""
        body = json.dumps(body_of(shop, order)).encode()
        about = {
            "Content-Type": "application/json",
            "X-Shopify-Topic": TOPICS[change],
            "X-Shopify-Shop-Domain": f"{shop.config.shop}.myshopify.com",
            "X-Shopify-API-Version": VERSION,
            "X-Shopify-Webhook-Id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{order.order_id} {shop.sender.tally.told}")),
            "X-Shopify-Event-Id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{order.order_id} {change} {order.changed_at}")),
            "X-Shopify-Triggered-At": datetime.fromtimestamp(order.changed_at / 1000, UTC).isoformat(),
        }

        def make() -> Signed:
            return {**about, "X-Shopify-Hmac-Sha256": sign_base64(body, shop.secret)}, body

        return [Webhook(order.order_id, make)]

    def routes(self, shop: StandIn) -> Sequence[tuple[str, str, Handler]]:
        """GraphQL, and the REST order list."""
        base = f"/admin/api/{VERSION}"

        def allowed(request: web.Request) -> bool:
            return request.headers.get("X-Shopify-Access-Token") == shop.config.token

        async def graphql(request: web.Request) -> web.StreamResponse:
            if not allowed(request):
                return web.json_response({"errors": "[API] Invalid API key or access token"}, status=401)
            return web.json_response(answer_graphql(shop, await request.json()))

        async def orders(request: web.Request) -> web.StreamResponse:
            if not allowed(request):
                return web.json_response({"errors": "[API] Invalid API key or access token"}, status=401)
            return list_orders(shop, request)

        return (("POST", f"{base}/graphql.json", graphql), ("GET", f"{base}/orders.json", orders))


def list_orders(shop: StandIn, request: web.Request) -> web.Response:
    """orders.json with a cursor in the Link header, as Shopify pages."""
    query = request.query
    limit = min(int(query.get("limit", "50")), PAGE)
    if "page_info" in query:
        since, until, start = (int(part) for part in query["page_info"].split("-"))
    else:
        since = _seconds(query.get("updated_at_min"), 0)
        until = _seconds(query.get("updated_at_max"), 1 << 40)
        start = 0
    found = [o for o in shop.book.orders.values() if since <= o.changed_at // 1000 <= until]
    found.sort(key=lambda order: (order.changed_at, order.order_id))
    page = found[start : start + limit]
    headers = {}
    if start + limit < len(found):
        following = request.url.with_query({"limit": limit, "page_info": f"{since}-{until}-{start + limit}"})
        headers["Link"] = f'<{following}>; rel="next"'
    return web.json_response({"orders": [body_of(shop, order) for order in page]}, headers=headers)


def _seconds(date: str | None, default: int) -> int:
    return default if date is None else int(datetime.fromisoformat(date).timestamp())


SHOPIFY = ShopifyDialect()
