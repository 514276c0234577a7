"""Shopify, what we tell it: stock by GraphQL with compare-and-swap and idempotency keys, cancellation, order list.

API version 2026-07: ``changeFromQuantity`` is mandatory there (null would skip the comparison) and replaced
``compareQuantity``; a call is applied whole or not at all. ``refundMethod`` of orderCancel was seen in use only.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import httpx
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from connectors.platforms.api import json_of
from connectors.platforms.contract import (
    Caller,
    Cancelled,
    Delivery,
    Fetched,
    Listing,
    Push,
    Pushed,
    Refused,
    Shop,
    Throttled,
    Unavailable,
)

VERSION = "2026-07"
PAGE = 250
LEVEL = 'id sku inventoryLevel(locationId: $location) { quantities(names: ["available"]) { name quantity } }'
LOCATION = "query Location { location { id } }"
LISTINGS = (
    "query Listings($location: ID!, $after: String) { inventoryItems(first: 250, after: $after) {"
    f" nodes {{ {LEVEL} }} pageInfo {{ hasNextPage endCursor }} }} }}"
)
SOME = f"query Some($location: ID!, $ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on InventoryItem {{ {LEVEL} }} }} }}"
SET = (
    "mutation Set($input: InventorySetQuantitiesInput!, $key: String!) {"
    " inventorySetQuantities(input: $input) @idempotent(key: $key) {"
    " inventoryAdjustmentGroup { id } userErrors { code field message } } }"
)
CANCEL = (
    "mutation Cancel($orderId: ID!, $restock: Boolean!, $staffNote: String) {"
    " orderCancel(orderId: $orderId, reason: INVENTORY, restock: $restock, staffNote: $staffNote,"
    " refundMethod: { originalPaymentMethodsRefund: true }, notifyCustomer: true)"
    " { job { id } orderCancelUserErrors { code field message } } }"
)
CANCELLED_AT = "query Order($id: ID!) { order(id: $id) { cancelledAt } }"
TRIES = 4
Problems = dict[int, tuple[Literal["conflict", "refused"], str]]
"""What is wrong with a push, by its place in the call."""
STALE = "CHANGE_FROM_QUANTITY_STALE"
BUSY = "IDEMPOTENCY_CONCURRENT_REQUEST"


class ShopifyClient:
    """contract.ShopClient of one Shopify shop."""

    def __init__(self, shop: Shop, caller: Caller) -> None:
        self._shop = shop
        self._caller = caller
        self._base = f"{shop.url}/admin/api/{VERSION}"
        self._headers = {"X-Shopify-Access-Token": shop.token}
        self._location = ""
        self._handles: dict[str, str] = {}

    async def reserve(self, calls: int) -> None:
        """See contract.Caller."""
        await self._caller.reserve(calls)

    async def fetch_orders(self, since: int, until: int) -> AsyncIterator[list[Fetched]]:
        """REST orders.json by updated_at, following the Link header's cursor."""
        query: Mapping[str, str] = {
            "status": "any",
            "limit": str(PAGE),
            "order": "updated_at asc",
            "updated_at_min": _iso(since),
            "updated_at_max": _iso(until),
        }
        while query:
            request = httpx.Request("GET", f"{self._base}/orders.json", params=query, headers=self._headers)
            answer = await self._caller.send(request)
            yield [
                Fetched(Delivery(f"list:{order['id']}", "orders/updated"), json.dumps(order).encode())
                for order in json_of(answer)["orders"]
            ]
            # only the cursor is taken from the link: its host is not ours to follow
            following = httpx.URL(answer.links.get("next", {}).get("url", "")).params
            query = {name: following[name] for name in ("limit", "page_info") if name in following}

    async def fetch_listings(self, skus: Sequence[str] = ()) -> dict[str, Listing]:
        """``available`` at the shop's primary location; for given SKUs only those that a full read has found."""
        if skus:
            return await self._some([self._handles[sku] for sku in skus if sku in self._handles])
        found: dict[str, Listing] = {}
        after: str | None = None
        while True:
            data = await self._graphql(LISTINGS, {"location": await self._primary(), "after": after})
            found |= _listings(data["inventoryItems"]["nodes"])
            page = data["inventoryItems"]["pageInfo"]
            if not page["hasNextPage"]:
                self._handles = {sku: listing.handle for sku, listing in found.items()}
                return found
            after = page["endCursor"]

    async def publish(self, pushes: Sequence[Push], key: str) -> list[Pushed]:
        """Set all of them; those that the shop names as stale or wrong are taken out and the rest is sent again."""
        rest, attempt = list(pushes), 0
        answers: list[Pushed] = []
        while rest:
            problems = await self._set_surely(rest, f"{key}-{attempt}")
            if not problems:
                return answers + [Pushed(push, "accepted", push.quantity) for push in rest]
            for index, (outcome, why) in problems.items():
                answers.append(Pushed(rest[index], outcome, rest[index].expected, why))
            rest = [push for index, push in enumerate(rest) if index not in problems]
            attempt += 1
        return answers

    async def cancel(self, order: str, reason: str, restock: bool) -> Cancelled:
        """orderCancel with refund; asks for cancelledAt if the shop will not."""
        gid = f"gid://shopify/Order/{order}"
        data = await self._graphql(CANCEL, {"orderId": gid, "restock": restock, "staffNote": reason[:255]})
        errors = data["orderCancel"]["orderCancelUserErrors"]
        if not errors:
            return Cancelled.RESTOCKED if restock else Cancelled.KEPT
        found = (await self._graphql(CANCELLED_AT, {"id": gid}))["order"]
        if found is not None and found["cancelledAt"] is not None:
            return Cancelled.ALREADY
        raise Refused(f"orderCancel {gid}: {errors[0]['message']}")

    async def confirm(self, order: str) -> bool:
        """Shopify has no acceptance by the seller."""
        return False

    async def _some(self, handles: list[str]) -> dict[str, Listing]:
        found: dict[str, Listing] = {}
        for start in range(0, len(handles), PAGE):
            ids = handles[start : start + PAGE]
            data = await self._graphql(SOME, {"location": await self._primary(), "ids": ids})
            found |= _listings([node for node in data["nodes"] if node])
        return found

    async def _set_surely(self, pushes: list[Push], key: str) -> Problems:
        """Ask again with the same key when the answer is lost: the shop then says what it did the first time."""
        again = AsyncRetrying(
            stop=stop_after_attempt(TRIES),
            wait=wait_random_exponential(0.1, max=2),
            retry=retry_if_exception_type(Unavailable),
            reraise=True,
        )
        return await again(self._set, pushes, key)

    async def _set(self, pushes: list[Push], key: str) -> Problems:
        location = await self._primary()
        quantities = [
            {
                "inventoryItemId": push.listing.handle,
                "locationId": location,
                "quantity": push.quantity,
                "changeFromQuantity": push.expected,
            }
            for push in pushes
        ]
        variables = {"input": {"name": "available", "reason": "correction", "quantities": quantities}, "key": key}
        problems: Problems = {}
        for error in (await self._graphql(SET, variables))["inventorySetQuantities"]["userErrors"]:
            if error["code"] == BUSY:
                raise Unavailable(error["message"])
            path = [part for part in error["field"] or () if part.isdecimal()]
            if not path or int(path[0]) >= len(pushes):
                raise Refused(f"inventorySetQuantities: {error['code']}: {error['message']}")
            problems[int(path[0])] = ("conflict" if error["code"] == STALE else "refused", error["message"])
        return problems

    async def _primary(self) -> str:
        if not self._location:
            self._location = (await self._graphql(LOCATION, {}))["location"]["id"]
        return self._location

    async def _graphql(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        body = {"query": query, "variables": variables}
        request = httpx.Request("POST", f"{self._base}/graphql.json", json=body, headers=self._headers)
        answer = json_of(await self._caller.send(request))
        errors = answer.get("errors")
        if not errors:
            data: dict[str, Any] = answer["data"]
            return data
        if any(error.get("extensions", {}).get("code") == "THROTTLED" for error in errors):
            raise Throttled(_until_restored(answer))
        raise Refused(f"graphql: {errors[0].get('message')}")


def _until_restored(answer: dict[str, Any]) -> float:
    """Seconds until the bucket holds what the query cost."""
    cost = answer.get("extensions", {}).get("cost", {})
    state = cost.get("throttleStatus", {})
    missing = cost.get("requestedQueryCost", 100) - state.get("currentlyAvailable", 0)
    return max(0.1, float(missing / state.get("restoreRate", 50)))


def _listings(nodes: list[dict[str, Any]]) -> dict[str, Listing]:
    return {
        node["sku"]: Listing(node["sku"], node["id"], node["inventoryLevel"]["quantities"][0]["quantity"])
        for node in nodes
        if node["sku"] and node["inventoryLevel"]
    }


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
