"""STAND-IN: a shop's own stock and orders, whatever its platform. Knows nothing of Skustream, HTTP or signatures."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count


class Change(StrEnum):
    """What happened to an order."""

    CREATED = "created"
    PAID = "paid"
    SHIPPED = "shipped"
    PARTIALLY_SHIPPED = "partially_shipped"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


@dataclass
class Line:
    """One line of an order."""

    line_id: int
    sku: str
    ordered: int
    shipped: int = 0
    removed: int = 0
    """Refunded before shipping."""
    returned: int = 0

    @property
    def open(self) -> int:
        """Units still to ship."""
        return self.ordered - self.shipped - self.removed


@dataclass
class Order:
    """An order as the shop keeps it."""

    order_id: int
    lines: list[Line]
    created_at: int
    changed_at: int
    paid_at: int | None
    cancelled_at: int | None = None
    cancel_reason: str = ""
    refunds: list[list[tuple[Line, int, str]]] = field(default_factory=list)
    """Each refund as (line, units, restock type)."""
    notes: list[str] = field(default_factory=list)

    @property
    def is_shipped(self) -> bool:
        """Nothing is left to ship, and something was shipped."""
        return not any(line.open for line in self.lines) and any(line.shipped for line in self.lines)


Listener = Callable[["Book", Order, Change], None]


class Book:
    """Orders and shown quantities of one shop. Ids rise by one: the same calls give the same ids."""

    def __init__(self, channel: str, first_id: int, clock: Callable[[], int] = now_ms) -> None:
        self.channel = channel
        self.orders: dict[int, Order] = {}
        self.handles: dict[str, int] = {}
        """The platform's id of each SKU."""
        self.skus: dict[int, str] = {}
        self.listeners: list[Listener] = []
        self._shown: dict[str, int] = {}
        self._order_ids = count(first_id)
        self._line_ids = count(first_id * 10)
        self._handle_ids = count(first_id * 100)
        self._clock = clock

    def list_article(self, sku: str, shown: int) -> None:
        """Offer an article, or set what is shown of it as a merchant does by hand."""
        if sku not in self.handles:
            handle = next(self._handle_ids)
            self.handles[sku] = handle
            self.skus[handle] = sku
        self._shown[sku] = shown

    def listings(self) -> dict[str, int]:
        """What the shop shows, by SKU."""
        return self._shown

    def compare_and_set(self, sku: str, expected: int | None, quantity: int) -> bool:
        """Set what is shown if it is what the caller expects; without a comparison for None."""
        if expected is not None and self._shown[sku] != expected:
            return False
        self._shown[sku] = quantity
        return True

    def place(self, lines: Sequence[tuple[str, int]], paid: bool = True) -> Order | None:
        """A shopper buys: the order, or None when the shop itself shows too little of any line."""
        if not lines or any(self._shown.get(sku, 0) < quantity for sku, quantity in lines):
            return None
        for sku, quantity in lines:
            self._shown[sku] -= quantity
        now = self._clock()
        made = [Line(next(self._line_ids), sku, quantity) for sku, quantity in lines]
        order = Order(next(self._order_ids), made, now, now, now if paid else None)
        self.orders[order.order_id] = order
        self._tell(order, Change.CREATED)
        return order

    def pay(self, order_id: int) -> bool:
        """The money came; False if it had come before or the order was cancelled."""
        order = self.orders[order_id]
        if order.paid_at is not None or order.cancelled_at is not None:
            return False
        order.paid_at = self._touch(order)
        self._tell(order, Change.PAID)
        return True

    def cancel(self, order_id: int, reason: str, restock: bool = True) -> bool:
        """Cancel what has not left the house; False when it was cancelled already or something was shipped."""
        order = self.orders[order_id]
        if order.cancelled_at is not None or any(line.shipped for line in order.lines):
            return False
        order.cancelled_at = self._touch(order)
        order.cancel_reason = reason
        order.refunds.append(self._take_back([(line, line.open) for line in order.lines], restock))
        self._tell(order, Change.CANCELLED)
        return True

    def ship(self, order_id: int, units: dict[int, int] | None = None) -> bool:
        """Mark as shipped: all that is open, or so many units by line id."""
        order = self.orders[order_id]
        leaving = {line.line_id: line.open for line in order.lines} if units is None else units
        if order.cancelled_at is not None or not any(leaving.values()):
            return False
        for line in order.lines:
            line.shipped += min(line.open, leaving.get(line.line_id, 0))
        self._touch(order)
        self._tell(order, Change.SHIPPED if order.is_shipped else Change.PARTIALLY_SHIPPED)
        return True

    def refund(self, order_id: int, line_id: int, units: int, restock: bool = True) -> None:
        """Give back the money for some units: before shipping they are not wanted any more, after it they return."""
        order = self.orders[order_id]
        line = next(line for line in order.lines if line.line_id == line_id)
        if line.open >= units:
            order.refunds.append(self._take_back([(line, units)], restock))
        else:
            line.returned += units
            order.refunds.append([(line, units, "return" if restock else "no_restock")])
        self._touch(order)
        self._tell(order, Change.REFUNDED)

    def _take_back(self, units: Iterable[tuple[Line, int]], restock: bool) -> list[tuple[Line, int, str]]:
        refund = []
        for line, quantity in units:
            line.removed += quantity
            if restock:
                self._shown[line.sku] += quantity
            refund.append((line, quantity, "cancel" if restock else "no_restock"))
        return refund

    def _touch(self, order: Order) -> int:
        order.changed_at = max(order.changed_at, self._clock())
        return order.changed_at

    def _tell(self, order: Order, change: Change) -> None:
        for listener in self.listeners:
            listener(self, order, change)
