"""WooCommerce, what it tells us: X-WC-Webhook-* headers, base64 HMAC-SHA256, the REST v3 order built at delivery.

Read in its source: headers, signature (the secret is html-decoded first), the unsigned form ping, no retries.
A refund's units are not in the order's body, only its number and amount: the backfill asks for them (see ``REFUNDED``).
"""

import hashlib
import html
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
from connectors.platforms.signing import verify_base64
from connectors.platforms.woocommerce_client import REFUNDED, WooCommerceClient
from schemas.events.base import Units
from schemas.wire import OrderChanged

Id = Annotated[int, Field(gt=0)]
KINDS = frozenset({"order.created", "order.updated", "order.restored"})
STATUSES: dict[str, Lifecycle] = {
    "pending": Lifecycle.CREATED,
    "checkout-draft": Lifecycle.CREATED,
    # WooCommerce has already taken the units off its stock, but the money is not there
    "on-hold": Lifecycle.HELD,
    "processing": Lifecycle.PAID,
    "ready-for-pickup": Lifecycle.SHIPPED,
    "completed": Lifecycle.COMPLETED,
    "cancelled": Lifecycle.CANCELLED_UNPAID,
    "failed": Lifecycle.CANCELLED_UNPAID,
    "trash": Lifecycle.CANCELLED_UNPAID,
    "refunded": Lifecycle.REFUNDED,
}
"""The word alone; a cancelled order with a date of payment is CANCELLED_PAID."""


class LineItem(Body):
    """One line; ``quantity`` stays as ordered, whatever is refunded."""

    id: Id
    product_id: int
    variation_id: int = 0
    sku: Annotated[str, Field(max_length=200)] | None
    quantity: Units


class Refund(Body):
    """That something was refunded, not what."""

    id: Id


class Order(Body):
    """The fields of an order that stock depends on; dates ``_gmt`` are UTC without saying so."""

    id: Id
    status: str
    date_created_gmt: datetime
    date_modified_gmt: datetime
    date_paid_gmt: datetime | None = None
    line_items: list[LineItem]
    refunds: tuple[Refund, ...] = ()
    refunded_units: Annotated[dict[int, Units] | None, Field(alias=REFUNDED)] = None


ORDER = TypeAdapter(Order)


def status_of(order: Order) -> Lifecycle:
    """The common status by the declared table. Raises UnknownStatus."""
    found = STATUSES.get(order.status.removeprefix("wc-"))
    if found is None:
        raise UnknownStatus("status", f"{order.status!r} is not in the status table of WooCommerce")
    if found is Lifecycle.CANCELLED_UNPAID and order.date_paid_gmt is not None:
        return Lifecycle.CANCELLED_PAID
    return found


def facts_of(order: Order) -> Facts:
    """What the order means for stock."""
    status = status_of(order)
    back = order.refunded_units or {}
    return Facts(
        order=str(order.id),
        status=status,
        lines=[
            {
                "line_id": str(line.id),
                # a line without SKU is parked downstream as an unknown SKU: a person has to see it
                "sku": line.sku or f"product:{line.variation_id or line.product_id}",
                "quantity": 0 if status is Lifecycle.REFUNDED else max(0, line.quantity - back.get(line.id, 0)),
            }
            for line in order.line_items
        ],
        changed_at=order.date_modified_gmt,
        placed_at=order.date_created_gmt,
        # knowing the refunded units is newer than knowing only that there is a refund
        progress=2 * len(order.refunds) + (order.refunded_units is not None),
        reason=order.status if status in CANCELLED else "",
    )


class WooCommerce:
    """The platform; see contract.Platform."""

    name = "woocommerce"
    limits = Limits(calls_per_second=10, burst=20, levels_per_call=100, answer_within_s=5, webhook_retries=0)
    statuses: Mapping[str, Lifecycle] = STATUSES
    compares = False

    def verify(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> SignatureVerdict:
        """X-WC-Webhook-Signature: base64 HMAC-SHA256 of the raw body under the html-decoded secret."""
        decoded = [html.unescape(secret) for secret in secrets]
        return verify_base64(headers.get("x-wc-webhook-signature"), body, decoded, "X-WC-Webhook-Signature")

    def describe(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """X-WC-Webhook-Delivery-ID is new at every attempt: an id of the delivery, no key against repetition."""
        given = headers.get("x-wc-webhook-delivery-id", "")[:200] or hashlib.sha256(body).hexdigest()
        return Delivery(given, headers.get("x-wc-webhook-topic", "")[:200])

    def parse(self, delivery: Delivery, body: bytes, told: Told) -> list[OrderChanged]:
        """The order of an order.* delivery. order.deleted carries only the id and says nothing that the
        cancellation or trashing before it has not said."""
        if delivery.kind not in KINDS:
            return []
        return [order_changed(facts_of(read(ORDER, body)), told)]

    def client(self, shop: Shop, caller: Caller) -> ShopClient:
        """REST v3 with consumer key and secret as ``token`` (key:secret)."""
        return WooCommerceClient(shop, caller)


WOOCOMMERCE = WooCommerce()
