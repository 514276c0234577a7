"""WooCommerce, what we tell it: stock by the products' batch call (absolute, no compare-and-swap), orders by REST v3.

Basic authentication with consumer key and secret, which a real shop takes over HTTPS only.
"""

import base64
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx

from connectors.platforms.api import json_of
from connectors.platforms.contract import Caller, Cancelled, Delivery, Fetched, Listing, Push, Pushed, Refused, Shop

PAGE = 100
REFUNDED = "_refunded_units"
"""Our own field, put into a fetched order: units refunded, by line id."""


class WooCommerceClient:
    """contract.ShopClient of one WooCommerce shop."""

    def __init__(self, shop: Shop, caller: Caller) -> None:
        self._shop = shop
        self._caller = caller
        self._base = f"{shop.url}/wp-json/wc/v3"
        self._headers = {"Authorization": f"Basic {base64.b64encode(shop.token.encode()).decode()}"}
        self._handles: dict[str, str] = {}

    async def reserve(self, calls: int) -> None:
        """See contract.Caller."""
        await self._caller.reserve(calls)

    async def fetch_orders(self, since: int, until: int) -> AsyncIterator[list[Fetched]]:
        """Orders by modified_after and modified_before (both exclude the bound, so they are widened by a second)."""
        query = {
            "modified_after": _iso(since - 1000),
            "modified_before": _iso(until + 1000),
            "dates_are_gmt": "true",
            "orderby": "modified",
            "order": "asc",
            "status": "any,trash",
        }
        async for orders in self._pages("orders", query):
            for order in orders:
                if order.get("refunds"):
                    order[REFUNDED] = await self._refunded(order["id"])
            yield [Fetched(Delivery(f"list:{o['id']}", "order.updated"), json.dumps(o).encode()) for o in orders]

    async def fetch_listings(self, skus: Sequence[str] = ()) -> dict[str, Listing]:
        """stock_quantity of every product that manages stock; for given SKUs only those that a full read has found."""
        found: dict[str, Listing] = {}
        handles = [self._handles[sku] for sku in skus if sku in self._handles]
        chunks = [handles[start : start + PAGE] for start in range(0, len(handles), PAGE)] if skus else [[]]
        for chunk in chunks:
            query = {"_fields": "id,sku,manage_stock,stock_quantity"} | ({"include": ",".join(chunk)} if chunk else {})
            async for products in self._pages("products", query):
                found |= _listings(products)
        if not skus:
            self._handles = {sku: listing.handle for sku, listing in found.items()}
        return found

    async def publish(self, pushes: Sequence[Push], key: str) -> list[Pushed]:
        """Set all of them in one batch; the answer says what each product shows afterwards."""
        update = [{"id": int(push.listing.handle), "stock_quantity": push.quantity} for push in pushes]
        answer = await self._call("POST", "products/batch", {"update": update})
        shown = {str(product["id"]): product for product in json_of(answer)["update"]}
        return [_pushed(push, shown.get(push.listing.handle, {})) for push in pushes]

    async def cancel(self, order: str, reason: str, restock: bool) -> Cancelled:
        """Status cancelled; WooCommerce always puts the units back by itself. The reason becomes a private note."""
        current = json_of(await self._call("GET", f"orders/{order}", None))
        if current["status"] in ("cancelled", "refunded", "trash"):
            return Cancelled.ALREADY
        if current["status"] == "completed":
            raise Refused(f"order {order} is completed")
        await self._call("PUT", f"orders/{order}", {"status": "cancelled"})
        await self._call("POST", f"orders/{order}/notes", {"note": reason, "customer_note": False})
        return Cancelled.RESTOCKED

    async def confirm(self, order: str) -> bool:
        """WooCommerce has no acceptance by the seller."""
        return False

    async def _refunded(self, order: int) -> dict[str, int]:
        """Units refunded by line of the order; WooCommerce tells them as negative quantities."""
        units: dict[str, int] = {}
        async for refunds in self._pages(f"orders/{order}/refunds", {}):
            for item in (item for refund in refunds for item in refund["line_items"]):
                line = next((m["value"] for m in item["meta_data"] if m["key"] == "_refunded_item_id"), None)
                if line is not None:
                    units[str(line)] = units.get(str(line), 0) - int(item["quantity"])
        return units

    async def _pages(self, path: str, query: dict[str, str]) -> AsyncIterator[list[dict[str, Any]]]:
        page = pages = 1
        while page <= pages:
            params = {**query, "per_page": str(PAGE), "page": str(page)}
            request = httpx.Request("GET", f"{self._base}/{path}", params=params, headers=self._headers)
            answer = await self._caller.send(request)
            yield json_of(answer)
            pages = int(answer.headers.get("X-WP-TotalPages", "1"))
            page += 1

    async def _call(self, method: str, path: str, body: Any) -> httpx.Response:
        return await self._caller.send(httpx.Request(method, f"{self._base}/{path}", json=body, headers=self._headers))


def _pushed(push: Push, product: dict[str, Any]) -> Pushed:
    if "error" in product or "id" not in product:
        return Pushed(push, "refused", push.expected, str(product.get("error", "the shop did not answer for it")))
    shown = int(product["stock_quantity"])
    return Pushed(push, "accepted" if shown == push.quantity else "clamped", shown)


def _listings(products: list[dict[str, Any]]) -> dict[str, Listing]:
    return {
        product["sku"]: Listing(product["sku"], str(product["id"]), int(product["stock_quantity"]))
        for product in products
        if product["sku"] and product["manage_stock"] is True
    }


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
