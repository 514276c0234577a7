"""Records for tests: the numbers that matter stand in the test, everything else has a default here."""

from itertools import count as counter
from typing import Any

from schemas.events import EVENTS

Told = tuple[str, dict[str, Any]]
ORDER = "shopify:north:1"
SKU = "SKU-1"
_ids = counter(1)
_contracts = {record.__name__: record for record in EVENTS}


def record(name: str, **fields: Any) -> Told:
    """A record that its contract accepts; event_id and occurred_at are filled in."""
    n = next(_ids)
    contract = _contracts[name]
    defaults = {"event_id": f"e{n}", "occurred_at": 1_700_000_000_000 + n}
    given = {k: v for k, v in defaults.items() if k in contract.model_fields}
    return name, contract(**{**given, **fields}).model_dump()


def counted(on_hand: int, position: int, location: str = "A", sku: str = SKU) -> Told:
    return record("StockCounted", sku=sku, location=location, on_hand=on_hand, position=position, source="erp")


def moved(on_hand: int, position: int, location: str = "A", quantity: int = 0) -> Told:
    return record(
        "StockMoved",
        sku=SKU,
        location=location,
        on_hand=on_hand,
        quantity=quantity,
        position=position,
        source="erp",
        reason="moved",
        reference="m",
    )


def demanded(quantity: int, position: int) -> Told:
    return record("DemandCounted", sku=SKU, quantity=quantity, position=position, source="erp")


def requested(
    quantity: int, revision: int = 1, expires_at: int | None = None, order: str = ORDER, sku: str = SKU
) -> Told:
    return record(
        "ReservationRequested",
        sku=sku,
        order_key=order,
        line_id="1",
        channel=order.rsplit(":", 1)[0],
        quantity=quantity,
        is_firm=expires_at is None,
        expires_at=expires_at,
        revision=revision,
    )


def confirmed(order: str = ORDER) -> Told:
    return record("ReservationConfirmed", sku=SKU, order_key=order, line_id="1")


def cancelled(order: str = ORDER, reason: str = "buyer") -> Told:
    return record("ReservationCancelled", sku=SKU, order_key=order, line_id="1", reason=reason)


def expired(order: str = ORDER) -> Told:
    return record("ReservationExpired", sku=SKU, order_key=order, line_id="1")


def fulfilled(quantity: int, on_hand: int, position: int, order: str = ORDER) -> Told:
    return record(
        "ReservationFulfilled",
        sku=SKU,
        order_key=order,
        line_id="1",
        quantity=quantity,
        location="A",
        on_hand=on_hand,
        position=position,
        source="erp",
    )
