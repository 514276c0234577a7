"""Takes the buyer out of a platform's body before it is recorded."""

from typing import Any

import orjson

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
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    _mask(value)
    return orjson.dumps(value).decode()


def _mask(value: Any) -> None:
    """In place; recursion is bounded, as the parser refuses deep nesting."""
    if type(value) is dict:
        for name in value.keys() & PERSONAL:
            if value[name]:
                value[name] = MASK
        value = value.values()
    for inner in value:
        if type(inner) is dict or type(inner) is list:
            _mask(inner)
