"""One sample per platform: how its orders, headers and statuses look on the wire. No customer data."""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connectors.platforms.contract import Lifecycle, Platform, Shop
from connectors.platforms.registry import BY_NAME
from connectors.platforms.signing import sign_base64

Body = dict[str, Any]
HUGE = 9_007_199_254_740_993
"""2**53 + 1: what a parser that goes through floating point turns into another order."""


@dataclass(frozen=True)
class Sample:
    """What the suite needs to know of a platform. The functions change a body in place."""

    platform: Platform
    shop: Shop
    body: Body
    headers: Callable[[bytes, str], dict[str, str]]
    """Body and secret -> headers with lower-case names."""
    id_field: str
    changed_field: str
    status_field: str
    quantity_field: str
    cancel: Callable[[Body, str], None]
    """Body, when."""
    ship_part: Callable[[Body, str], None]
    refund_part: Callable[[Body, str], None]
    """One unit of the first line goes, before shipping, if the body can say it."""
    refund_leaves: int
    stamps: tuple[tuple[str, int], ...]
    """Dates as the platform writes them, and their milliseconds."""
    after: Lifecycle
    """The status after ship_part."""

    def made(self, change: Callable[[Body], None] | None = None) -> bytes:
        """The body as bytes, changed."""
        body = copy.deepcopy(self.body)
        if change is not None:
            change(body)
        return json.dumps(body, ensure_ascii=False).encode()


def _shopify_headers(body: bytes, secret: str) -> dict[str, str]:
    return {
        "x-shopify-topic": "orders/updated",
        "x-shopify-shop-domain": "north.myshopify.com",
        "x-shopify-webhook-id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
        "x-shopify-hmac-sha256": sign_base64(body, secret),
    }


def _woo_headers(body: bytes, secret: str) -> dict[str, str]:
    return {
        "x-wc-webhook-topic": "order.updated",
        "x-wc-webhook-delivery-id": "f24e8f4a",
        "x-wc-webhook-signature": sign_base64(body, secret),
    }


def _shopify_cancel(body: Body, when: str) -> None:
    body.update(cancelled_at=when, updated_at=when, cancel_reason="customer", financial_status="refunded")


def _shopify_ship(body: Body, when: str) -> None:
    body.update(updated_at=when, fulfillment_status="partial")
    body["line_items"][0].update(fulfillable_quantity=1, fulfillment_status="partial")


def _shopify_refund(body: Body, when: str) -> None:
    body.update(updated_at=when, financial_status="partially_refunded")
    body["line_items"][0].update(current_quantity=1, fulfillable_quantity=1)
    line = {"line_item_id": body["line_items"][0]["id"], "quantity": 1, "restock_type": "cancel"}
    body["refunds"] = [{"id": 1, "refund_line_items": [line]}]


def _woo_cancel(body: Body, when: str) -> None:
    body.update(status="cancelled", date_modified_gmt=when)


def _woo_ship(body: Body, when: str) -> None:
    body.update(status="completed", date_modified_gmt=when)


def _woo_refund(body: Body, when: str) -> None:
    body.update(date_modified_gmt=when, refunds=[{"id": 7, "reason": "", "total": "-9.99"}])


SHOPIFY = Sample(
    platform=BY_NAME["shopify"],
    shop=Shop("shopify", "north", ("first secret",), "http://127.0.0.1:1", "token"),
    body={
        "id": 820982911946154508,
        "name": "#9999",
        "created_at": "2026-11-01T10:00:00-05:00",
        "updated_at": "2026-11-01T10:00:00-05:00",
        "financial_status": "paid",
        "fulfillment_status": None,
        "cancelled_at": None,
        "cancel_reason": None,
        "line_items": [
            {"id": 866550311766439020, "sku": "TEA-GREEN", "quantity": 2, "current_quantity": 2,
             "fulfillable_quantity": 2, "fulfillment_status": None, "variant_id": 808950810},
            {"id": 141249953214522974, "sku": "TEA-BLACK", "quantity": 1, "current_quantity": 1,
             "fulfillable_quantity": 1, "fulfillment_status": None, "variant_id": 808950811},
        ],
        "refunds": [],
    },
    headers=_shopify_headers,
    id_field="id",
    changed_field="updated_at",
    status_field="financial_status",
    quantity_field="line_items.0.quantity",
    cancel=_shopify_cancel,
    ship_part=_shopify_ship,
    refund_part=_shopify_refund,
    refund_leaves=1,
    stamps=(
        ("2026-11-01T10:00:00-05:00", 1_793_545_200_000),
        ("2026-11-01T15:00:00Z", 1_793_545_200_000),
        ("2026-11-01T20:30:00+05:30", 1_793_545_200_000),
    ),
    after=Lifecycle.PARTIALLY_SHIPPED,
)  # fmt: skip
WOOCOMMERCE = Sample(
    platform=BY_NAME["woocommerce"],
    shop=Shop("woocommerce", "north", ("first secret",), "http://127.0.0.1:1", "key:secret"),
    body={
        "id": 727,
        "status": "processing",
        "date_created_gmt": "2026-11-01T15:00:00",
        "date_modified_gmt": "2026-11-01T15:00:00",
        "date_paid_gmt": "2026-11-01T15:00:00",
        "line_items": [
            {"id": 315, "product_id": 93, "variation_id": 0, "sku": "TEA-GREEN", "quantity": 2},
            {"id": 316, "product_id": 94, "variation_id": 0, "sku": "TEA-BLACK", "quantity": 1},
        ],
        "refunds": [],
    },
    headers=_woo_headers,
    id_field="id",
    changed_field="date_modified_gmt",
    status_field="status",
    quantity_field="line_items.0.quantity",
    cancel=_woo_cancel,
    ship_part=_woo_ship,
    refund_part=_woo_refund,
    # the body says that something was refunded, not what: the backfill asks
    refund_leaves=2,
    stamps=(("2026-11-01T15:00:00", 1_793_545_200_000), ("2026-11-01T15:00:00Z", 1_793_545_200_000)),
    after=Lifecycle.COMPLETED,
)
SAMPLES: tuple[Sample, ...] = (SHOPIFY, WOOCOMMERCE)
