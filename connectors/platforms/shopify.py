"""Shopify, what it tells us: X-Shopify-* headers, base64 HMAC-SHA256 over the raw body, the REST order in webhooks.

Read in public sources: headers, signature, retries, order fields, compare-and-swap. Not verified there: the preview
headers without ``X-`` (accepted all the same).
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from pydantic import Field, TypeAdapter

from connectors.platforms.contract import (
    CANCELLED,
    Caller,
    Delivery,
    Lifecycle,
    Limits,
    Shop,
    ShopClient,
    SignatureVerdict,
    Told,
    UnknownStatus,
)
from connectors.platforms.orders import Body, Facts, order_changed, read
from connectors.platforms.shopify_client import ShopifyClient
from connectors.platforms.signing import verify_base64
from schemas.events.base import Units
from schemas.wire import OrderChanged, OrderLine

Id = Annotated[int, Field(gt=0)]
KINDS = frozenset(
    f"orders/{kind}"
    for kind in ("create", "updated", "edited", "paid", "partially_fulfilled", "fulfilled", "cancelled")
)
MONEY: dict[str, Lifecycle] = {
    "pending": Lifecycle.CREATED,
    "partially_paid": Lifecycle.CREATED,
    "expired": Lifecycle.CREATED,
    # an authorised payment is captured at shipping: the units are as good as sold
    "authorized": Lifecycle.PAID,
    "paid": Lifecycle.PAID,
    "partially_refunded": Lifecycle.PAID,
    "refunded": Lifecycle.REFUNDED,
    # the authorisation was given back, the order stands: an unpaid hold that ends by itself
    "voided": Lifecycle.CREATED,
}
GOODS: dict[str, Lifecycle | None] = {
    "unfulfilled": None,
    "partial": Lifecycle.PARTIALLY_SHIPPED,
    "fulfilled": Lifecycle.SHIPPED,
    "restocked": Lifecycle.REFUNDED,
}
UNPAID = frozenset({"pending", "authorized", "partially_paid", "expired", "voided"})
STATUSES: dict[str, Lifecycle] = {
    **{f"{money}/{goods}": (GOODS[goods] or MONEY[money]) for money in MONEY for goods in GOODS},
    **{f"{money}/closed": Lifecycle.COMPLETED for money in MONEY},
    **{f"{m}/cancelled": Lifecycle.CANCELLED_UNPAID if m in UNPAID else Lifecycle.CANCELLED_PAID for m in MONEY},
}
"""``financial_status/fulfillment_status``; ``cancelled`` with cancelled_at set, ``closed`` when shipped and closed."""


class LineItem(Body):
    """One line; ``current_quantity`` already lacks everything refunded or edited away."""

    id: Id
    sku: Annotated[str, Field(max_length=200)] | None = None
    variant_id: Id | None = None
    quantity: Units
    current_quantity: Units | None = None
    fulfillable_quantity: Units | None = None
    fulfillment_status: str | None = None
    requires_shipping: bool = True


class RefundLine(Body):
    """Units refunded: before shipping (``cancel``), after it (``return``), or without saying (``no_restock``)."""

    line_item_id: Id
    quantity: Units
    restock_type: str = "no_restock"


class Refund(Body):
    """A refund of some units."""

    refund_line_items: tuple[RefundLine, ...] = ()


class Order(Body):
    """The fields of an order that stock depends on."""

    id: Id
    created_at: datetime
    updated_at: datetime
    financial_status: str | None
    fulfillment_status: str | None
    cancelled_at: datetime | None
    cancel_reason: str | None = None
    closed_at: datetime | None = None
    test: bool = False
    line_items: list[LineItem]
    refunds: tuple[Refund, ...] = ()


ORDER = TypeAdapter(Order)


def status_of(order: Order) -> Lifecycle:
    """The common status by the declared table. Raises UnknownStatus."""
    money = order.financial_status or "pending"
    goods = order.fulfillment_status or "unfulfilled"
    if order.cancelled_at is not None:
        goods = "cancelled"
    elif order.closed_at is not None and goods == "fulfilled":
        goods = "closed"
    found = STATUSES.get(f"{money}/{goods}")
    if found is None:
        field = "fulfillment_status" if money in MONEY else "financial_status"
        raise UnknownStatus(field, f"{money}/{goods} is not in the status table of Shopify")
    return found


def wanted(line: LineItem, refunds: list[RefundLine]) -> int:
    """Units the buyer wants and we ship or shipped: ordered less removed before shipping; returns do not count."""
    back = [r for r in refunds if r.line_item_id == line.id]
    now = line.quantity - sum(r.quantity for r in back) if line.current_quantity is None else line.current_quantity
    after_shipping = ("return",) if line.fulfillment_status is None else ("return", "no_restock")
    returned = sum(r.quantity for r in back if r.restock_type in after_shipping)
    return max(0, min(line.quantity, now + returned))


def facts_of(order: Order) -> Facts:
    """What the order means for stock."""
    refunds = [line for refund in order.refunds for line in refund.refund_line_items]
    goods = [line for line in order.line_items if line.sku or line.requires_shipping]
    lines: list[OrderLine] = [
        # a line without SKU is parked downstream as an unknown SKU: a person has to see it
        {"line_id": str(line.id), "sku": line.sku or f"variant:{line.variant_id}", "quantity": wanted(line, refunds)}
        for line in goods
    ]
    unshipped = sum(g.quantity if g.fulfillable_quantity is None else g.fulfillable_quantity for g in goods)
    status = status_of(order)
    return Facts(
        order=str(order.id),
        status=status,
        lines=lines,
        changed_at=order.updated_at,
        placed_at=order.created_at,
        progress=sum(g.quantity for g in goods) - unshipped + sum(r.quantity for r in refunds),
        reason=(order.cancel_reason or "") if status in CANCELLED else "",
    )


class Shopify:
    """The platform; see contract.Platform."""

    name = "shopify"
    limits = Limits(calls_per_second=10, burst=20, levels_per_call=250, answer_within_s=5, webhook_retries=8)
    statuses: Mapping[str, Lifecycle] = STATUSES
    compares = True

    def verify(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> SignatureVerdict:
        """X-Shopify-Hmac-Sha256: base64 HMAC-SHA256 of the raw body under the app's client secret."""
        return verify_base64(_header(headers, "hmac-sha256"), body, secrets, "X-Shopify-Hmac-Sha256")

    def describe(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """X-Shopify-Webhook-Id is the same over all retries of a delivery."""
        given = (_header(headers, "webhook-id") or "")[:200] or hashlib.sha256(body).hexdigest()
        domain = _header(headers, "shop-domain") or ""
        return Delivery(given, (_header(headers, "topic") or "")[:200], domain.removesuffix(".myshopify.com")[:200])

    def parse(self, delivery: Delivery, body: bytes, told: Told) -> list[OrderChanged]:
        """The order of an orders/* delivery; test orders and other topics concern no stock."""
        if delivery.kind not in KINDS:
            return []
        order = read(ORDER, body)
        return [] if order.test else [order_changed(facts_of(order), told)]

    def client(self, shop: Shop, caller: Caller) -> ShopClient:
        """GraphQL for stock and cancellation, REST for the order list (the same body as in webhooks)."""
        return ShopifyClient(shop, caller)


def _header(headers: Mapping[str, str], name: str) -> str | None:
    return headers.get(f"x-shopify-{name}") or headers.get(f"shopify-{name}")


SHOPIFY = Shopify()
