"""Takes the buyer out of a platform's body before it is recorded."""

import json
from typing import Any

MASK = "***"
PERSONAL = frozenset(
    {
        "address1",
        "address2",
        "address_1",
        "address_2",
        "addresses",
        "billing",
        "billing_address",
        "browser_ip",
        "cart_token",
        "checkout_token",
        "city",
        "client_details",
        "company",
        "contact_email",
        "customer",
        "customer_ip_address",
        "customer_note",
        "customer_user_agent",
        "default_address",
        "email",
        "first_name",
        "landing_site",
        "last_name",
        "latitude",
        "longitude",
        "note",
        "note_attributes",
        "order_status_url",
        "payment_details",
        "phone",
        "postcode",
        "referring_site",
        "shipping",
        "shipping_address",
        "token",
        "user_agent",
        "username",
        "zip",
    }
)


def masked(body: bytes) -> str:
    """The JSON with every personal field replaced by ``***``; empty for what is not JSON, as it cannot be masked."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    return json.dumps(_mask(value), ensure_ascii=False, separators=(",", ":"))


def _mask(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: MASK if name in PERSONAL and inner else _mask(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_mask(inner) for inner in value]
    return value
