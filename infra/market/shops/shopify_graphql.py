"""STAND-IN for Shopify's Admin GraphQL API: a small schema, executed by graphql-core, so that wrong queries fail."""

import json
import time
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from graphql import DocumentNode, ExecutionResult, GraphQLError, build_schema, execute_sync, parse, validate

from infra.market.shops.base import StandIn
from infra.market.shops.book import Order

SDL = """
directive @idempotent(key: String!) on FIELD
scalar DateTime
interface Node { id: ID! }
type Location { id: ID! }
type Quantity { name: String! quantity: Int! }
type InventoryLevel { quantities(names: [String!]!): [Quantity!]! }
type InventoryItem implements Node { id: ID! sku: String inventoryLevel(locationId: ID!): InventoryLevel }
type PageInfo { hasNextPage: Boolean! endCursor: String }
type InventoryItemConnection { nodes: [InventoryItem!]! pageInfo: PageInfo! }
type Order implements Node { id: ID! cancelledAt: DateTime }
type Query {
  location(id: ID): Location
  inventoryItems(first: Int!, after: String): InventoryItemConnection!
  nodes(ids: [ID!]!): [Node]!
  order(id: ID!): Order
}
input InventoryQuantityInput { inventoryItemId: ID! locationId: ID! quantity: Int! changeFromQuantity: Int }
input InventorySetQuantitiesInput {
  name: String! reason: String! referenceDocumentUri: String quantities: [InventoryQuantityInput!]!
}
type InventoryAdjustmentGroup { id: ID! }
type InventorySetQuantitiesUserError { code: String field: [String!] message: String! }
type InventorySetQuantitiesPayload {
  inventoryAdjustmentGroup: InventoryAdjustmentGroup userErrors: [InventorySetQuantitiesUserError!]!
}
enum OrderCancelReason { CUSTOMER DECLINED FRAUD INVENTORY OTHER STAFF }
input OrderCancelRefundMethodInput { originalPaymentMethodsRefund: Boolean }
type Job { id: ID! }
type OrderCancelUserError { code: String field: [String!] message: String! }
type OrderCancelPayload { job: Job orderCancelUserErrors: [OrderCancelUserError!]! }
type Mutation {
  inventorySetQuantities(input: InventorySetQuantitiesInput!): InventorySetQuantitiesPayload
  orderCancel(
    orderId: ID! reason: OrderCancelReason! restock: Boolean! refundMethod: OrderCancelRefundMethodInput
    notifyCustomer: Boolean staffNote: String
  ): OrderCancelPayload
}
"""
SCHEMA = build_schema(SDL)
LOCATION = "gid://shopify/Location/1"
ITEM = "gid://shopify/InventoryItem/"
MOST = 250
BUCKET, RESTORED_PER_S, COST = 2000.0, 100.0, 10.0
"""Shopify's leaky bucket on the standard plan; every call here costs what a mutation costs there."""
_parsed: dict[str, DocumentNode] = {}
Error = dict[str, Any]


class Bucket:
    """Points left for one shop."""

    def __init__(self) -> None:
        self._points, self._at = BUCKET, time.monotonic()

    def take(self) -> tuple[bool, float]:
        """Whether the call may run, and the points left."""
        now = time.monotonic()
        self._points = min(BUCKET, self._points + (now - self._at) * RESTORED_PER_S)
        self._at = now
        if self._points < COST:
            return False, self._points
        self._points -= COST
        return True, self._points


@dataclass
class Memory:
    """What the API remembers of one shop."""

    bucket: Bucket = field(default_factory=Bucket)
    done: dict[str, tuple[str, Any]] = field(default_factory=dict)
    """Input and answer by idempotency key."""


_memories: WeakKeyDictionary[StandIn, Memory] = WeakKeyDictionary()


def memory_of(shop: StandIn) -> Memory:
    """The shop's memory, made at its first call."""
    return _memories.setdefault(shop, Memory())


def answer_graphql(shop: StandIn, request: dict[str, Any]) -> dict[str, Any]:
    """Execute a request body; the answer as Shopify words it."""
    may, left = memory_of(shop).bucket.take()
    state = {"maximumAvailable": BUCKET, "currentlyAvailable": int(left), "restoreRate": RESTORED_PER_S}
    extensions = {"cost": {"requestedQueryCost": COST, "throttleStatus": state}}
    if not may:
        error = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
        return {"errors": [error], "extensions": extensions}
    result = _execute(shop, str(request.get("query")), request.get("variables") or {})
    answer: dict[str, Any] = {"data": result.data, "extensions": extensions}
    if result.errors:
        answer["errors"] = [error.formatted for error in result.errors]
    return answer


def _execute(shop: StandIn, query: str, variables: dict[str, Any]) -> ExecutionResult:
    try:
        document = _parsed.get(query) or parse(query)
    except GraphQLError as error:
        return ExecutionResult(None, [error])
    if query not in _parsed:
        errors = validate(SCHEMA, document)
        if errors:
            return ExecutionResult(None, errors)
        _parsed[query] = document
    return execute_sync(SCHEMA, document, root_value=Root(shop, variables), variable_values=variables)


class Root:
    """The root fields over one shop's book; graphql-core calls the methods by name."""

    def __init__(self, shop: StandIn, variables: dict[str, Any]) -> None:
        self._shop = shop
        self._book = shop.book
        self._variables = variables

    def location(self, _: Any, id: str | None = None) -> dict[str, str]:  # noqa: A002 - GraphQL names it
        """The primary location."""
        return {"id": LOCATION}

    def inventoryItems(self, _: Any, first: int, after: str | None = None) -> dict[str, Any]:  # noqa: N802
        """A page of all items."""
        handles = list(self._book.skus)
        start = int(after) if after else 0
        page = handles[start : start + min(first, MOST)]
        end = start + len(page)
        return {
            "nodes": [self._item(handle) for handle in page],
            "pageInfo": {"hasNextPage": end < len(handles), "endCursor": str(end)},
        }

    def nodes(self, _: Any, ids: list[str]) -> list[dict[str, Any] | None]:
        """Items by id; null for an unknown one."""
        handles = [int(gid.removeprefix(ITEM)) if gid.startswith(ITEM) else -1 for gid in ids]
        return [self._item(handle) if handle in self._book.skus else None for handle in handles]

    def order(self, _: Any, id: str) -> dict[str, Any] | None:  # noqa: A002 - GraphQL names it
        """One order."""
        found = self._order(id)
        return None if found is None else {"id": id, "cancelledAt": found.cancelled_at}

    def inventorySetQuantities(self, info: Any, input: dict[str, Any]) -> dict[str, Any]:  # noqa: N802, A002
        """All or nothing; the same idempotency key gives the first answer again."""
        key = _idempotency_key(info, self._variables)
        asked = json.dumps(input, sort_keys=True)
        done = memory_of(self._shop).done
        kept = done.get(key)
        if kept is not None:
            if kept[0] != asked:
                return _refused("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", ["input"], "The key was used with other input.")
            answer: dict[str, Any] = kept[1]
            return answer
        answer = self._set(input["quantities"])
        if key and not answer["userErrors"]:
            done[key] = (asked, answer)
        return answer

    def orderCancel(self, _: Any, orderId: str, restock: bool, **more: Any) -> dict[str, Any]:  # noqa: N802, N803
        """Cancel as the merchant."""
        found = self._order(orderId)
        if found is None:
            return {"orderCancelUserErrors": [_error("NOT_FOUND", ["orderId"], "Order does not exist")]}
        found.notes.append(str(more.get("staffNote")))
        if not self._book.cancel(found.order_id, more["reason"].lower(), restock):
            return {"orderCancelUserErrors": [_error("INVALID", ["orderId"], "Order can no longer be cancelled")]}
        return {"job": {"id": f"gid://shopify/Job/{found.order_id}"}, "orderCancelUserErrors": []}

    def _item(self, handle: int) -> dict[str, Any]:
        sku = self._book.skus[handle]

        def level(_: Any, locationId: str) -> dict[str, Any] | None:  # noqa: N803
            shown = {"name": "available", "quantity": self._book.listings()[sku]}
            return {"quantities": lambda _, names: [shown]} if locationId == LOCATION else None

        return {"__typename": "InventoryItem", "id": f"{ITEM}{handle}", "sku": sku, "inventoryLevel": level}

    def _order(self, gid: str) -> Order | None:
        number = gid.rpartition("/")[2]
        return self._book.orders.get(int(number)) if number.isdecimal() else None

    def _set(self, quantities: list[dict[str, Any]]) -> dict[str, Any]:
        if len(quantities) > MOST:
            return _refused("INVALID", ["input", "quantities"], f"At most {MOST} quantities in a call.")
        errors = [error for index, wanted in enumerate(quantities) if (error := self._problem(index, wanted))]
        if errors:
            return {"inventoryAdjustmentGroup": None, "userErrors": errors}
        for wanted in quantities:
            self._book.compare_and_set(self._sku(wanted), None, wanted["quantity"])
        return {"inventoryAdjustmentGroup": {"id": "gid://shopify/InventoryAdjustmentGroup/1"}, "userErrors": []}

    def _problem(self, index: int, wanted: dict[str, Any]) -> Error | None:
        path = ["input", "quantities", str(index)]
        if self._sku(wanted) == "":
            return _error("INVALID_INVENTORY_ITEM", [*path, "inventoryItemId"], "The item could not be found.")
        if "changeFromQuantity" not in wanted:
            return _error("INVALID", [*path, "changeFromQuantity"], "changeFromQuantity is mandatory.")
        expected = wanted["changeFromQuantity"]
        if expected is not None and expected != self._book.listings()[self._sku(wanted)]:
            message = "The changeFromQuantity value does not match persisted value."
            return _error("CHANGE_FROM_QUANTITY_STALE", [*path, "changeFromQuantity"], message)
        return None

    def _sku(self, wanted: dict[str, Any]) -> str:
        gid = wanted["inventoryItemId"]
        return self._book.skus.get(int(gid.removeprefix(ITEM)), "") if gid.startswith(ITEM) else ""


def _idempotency_key(info: Any, variables: dict[str, Any]) -> str:
    for directive in info.field_nodes[0].directives:
        if directive.name.value == "idempotent":
            value = directive.arguments[0].value
            return str(variables[value.name.value] if value.kind == "variable" else value.value)
    return ""


def _error(code: str, field: list[str], message: str) -> Error:
    return {"code": code, "field": field, "message": message}


def _refused(code: str, field: list[str], message: str) -> dict[str, Any]:
    return {"inventoryAdjustmentGroup": None, "userErrors": [_error(code, field, message)]}
