"""From a platform's order to OrderChanged: the derived id, the version that decides, and errors that name the field."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from connectors.platforms.contract import CANCELLED, Invalid, Lifecycle, Malformed, Told
from schemas.events.base import LONG_MAX
from schemas.wire import OrderChanged, OrderLine

T = TypeVar("T")
NAMESPACE = uuid.UUID("5b0f9c1e-6f0c-5d0a-9a51-5f8f3c6c1d11")
NAMESPACE_BYTES = NAMESPACE.bytes
STEPS = 1000
"""Versions that one millisecond of a platform's clock can hold, since platforms tell whole seconds only."""
RANKS: dict[Lifecycle, int] = {
    Lifecycle.CREATED: 0,
    Lifecycle.HELD: 1,
    Lifecycle.PAID: 2,
    Lifecycle.CANCEL_REQUESTED: 3,
    Lifecycle.PARTIALLY_SHIPPED: 4,
    Lifecycle.SHIPPED: 5,
    Lifecycle.COMPLETED: 6,
    Lifecycle.REFUND_REQUESTED: 7,
    Lifecycle.RETURN_IN_TRANSIT: 7,
    Lifecycle.RETURNED: 8,
    Lifecycle.REFUNDED: 8,
    Lifecycle.CANCELLED_UNPAID: 9,
    Lifecycle.CANCELLED_PAID: 9,
}
RANK_STEPS = 100


class Body(BaseModel):
    """Base of a platform's models: strict types, unknown fields are the platform's own business."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a platform's file has made out of an order."""

    order: str
    status: Lifecycle
    lines: list[OrderLine]
    changed_at: datetime
    placed_at: datetime
    progress: int = 0
    """Something that only grows while the order lives (units shipped and refunded): orders changes of one second."""
    reason: str = ""


def millis(moment: datetime) -> int:
    """Milliseconds since 1970; a moment without a zone is UTC."""
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1000)


def derived_id(cause: str) -> str:
    """The UUIDv5 of a cause; as uuid.uuid5 has it, at a quarter of its price."""
    digest = bytearray(hashlib.sha1(NAMESPACE_BYTES + cause.encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def version_of(changed_at: int, status: Lifecycle, progress: int) -> int:
    """The order's own version. Platforms stamp whole seconds, in which an order can be created, paid and cancelled:
    within a stamp the place in the life decides, then the progress."""
    return changed_at * STEPS + RANKS[status] * RANK_STEPS + min(progress, RANK_STEPS - 1)


def order_changed(facts: Facts, told: Told) -> OrderChanged:
    """The record. The same state of an order has the same event id, however it came to us."""
    shop = told.shop
    changed_at, placed_at = millis(facts.changed_at), millis(facts.placed_at)
    if changed_at < 0 or placed_at < 0 or changed_at * STEPS > LONG_MAX:
        raise Invalid("date", f"{facts.changed_at.isoformat()} is out of range")
    order_key = f"{shop.channel}:{facts.order}"
    version = version_of(changed_at, facts.status, facts.progress)
    is_off = facts.status in CANCELLED
    return {
        "event_id": derived_id(f"{order_key}:{version}"),
        "order_key": order_key,
        "platform": shop.platform,
        "shop": shop.shop,
        "channel": shop.channel,
        "status": facts.status.value,
        "lines": [{**line, "quantity": 0} for line in facts.lines] if is_off else facts.lines,
        "source_version": version,
        "reason": facts.reason[:1000],
        "found_by": told.found_by,
        "placed_at": placed_at,
        "occurred_at": changed_at,
        "received_at": told.received_at,
    }


def problem_of(error: ValidationError) -> Malformed | Invalid:
    """The first thing wrong with a body, with the path of its field."""
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return Malformed("", first["msg"])
    return Invalid(".".join(str(part) for part in first["loc"]), first["msg"])


def read(adapter: TypeAdapter[T], body: bytes) -> T:
    """Validate a body strictly. Raises Malformed or Invalid."""
    try:
        return adapter.validate_json(body)
    except ValidationError as error:
        raise problem_of(error) from error
