"""Platform reports and the stock's answers for tests of the saga."""

from typing import Any

from tests.builders import ORDER, SKU, Told, record

Lines = dict[str, int]
"""Quantity by SKU; the line's id is the SKU's last part, so that SKU-1 is on line 1."""


def line_of(sku: str) -> str:
    return sku.rsplit("-", 1)[-1]


def reported(status: str, version: int, lines: Lines | None = None, order: str = ORDER, **more: Any) -> Any:
    """What a platform says of an order; by default two units of SKU-1."""
    platform, shop, _ = order.split(":")
    wanted = {SKU: 2} if lines is None else lines
    fields = {
        "order_key": order,
        "platform": platform,
        "shop": shop,
        "channel": f"{platform}:{shop}",
        "status": status,
        "lines": [{"line_id": line_of(sku), "sku": sku, "quantity": n} for sku, n in wanted.items()],
        "source_version": version,
        "reason": "",
        "found_by": "webhook",
        "placed_at": 1_700_000_000_000,
        "received_at": 1_700_000_000_000,
    }
    return record("OrderChanged", **{**fields, **more})[1]


def answered(name: str, quantity: int = 2, sku: str = SKU, order: str = ORDER, **more: Any) -> Told:
    """What the stock table says of a line."""
    where = {"sku": sku, "order_key": order, "line_id": line_of(sku), "quantity": quantity, "version": 1}
    return record(name, **where, channel=order.rsplit(":", 1)[0], cause_id="c", **more)


def reserved(quantity: int = 2, sku: str = SKU) -> Told:
    return answered("StockReserved", quantity, sku)


def oversold(short: int, quantity: int = 2, sku: str = SKU) -> Told:
    return answered("StockOversold", quantity, sku, short=short)


def released(kind: str, sku: str = SKU) -> Told:
    return answered("ReservationReleased", 2, sku, kind=kind, reason="unpaid" if kind == "expired" else "buyer")


def shipped(quantity: int, sku: str = SKU, is_complete: bool = False) -> Told:
    return record(
        "ReservationFulfilled",
        sku=sku,
        order_key=ORDER,
        line_id=line_of(sku),
        quantity=quantity,
        location="A",
        on_hand=5,
        position=9,
        source="stock",
        is_complete=is_complete,
    )
