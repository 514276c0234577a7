"""The truth: what physically is there and what was sold of it, whatever any system believes."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class World:
    """Units that are there, and units of orders that are neither shipped nor cancelled. Not thread-safe: one loop."""

    on_hand: Counter[str] = field(default_factory=Counter)
    open_orders: dict[str, dict[str, int]] = field(default_factory=dict)
    owed: Counter[str] = field(default_factory=Counter)

    def start_with(self, units: Mapping[str, int]) -> None:
        """What is there before the first order; orders that are open stay open."""
        self.on_hand = Counter(units)

    def sold(self, order_key: str, units: Mapping[str, int]) -> None:
        """A shopper bought."""
        self.open_orders[order_key] = dict(units)
        self.owed.update(units)

    def cancelled(self, order_key: str) -> None:
        """The order is not wanted or not served; one that has left stays sold."""
        self.owed.subtract(self.open_orders.pop(order_key, {}))

    def shipped(self, order_key: str) -> None:
        """The goods left."""
        units = self.open_orders.pop(order_key, {})
        self.owed.subtract(units)
        self.on_hand.subtract(units)

    def received(self, units: Mapping[str, int]) -> None:
        """Goods came."""
        self.on_hand.update(units)

    def sellable(self, sku: str) -> int:
        """Units that could be sold now without disappointing anybody."""
        return max(0, self.on_hand[sku] - self.owed[sku])
