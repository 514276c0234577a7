"""The truth: what physically is there and what was sold of it, whatever any system believes."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class World:
    """Units that are there, and units of orders that are neither shipped nor cancelled. Not thread-safe: one loop."""

    on_hand: Counter[str] = field(default_factory=Counter)
    orders: dict[str, dict[str, int]] = field(default_factory=dict)
    """Units of every order ever sold: goods of a cancelled order may still leave the house."""
    open_orders: set[str] = field(default_factory=set)
    owed: Counter[str] = field(default_factory=Counter)

    def start_with(self, units: Mapping[str, int]) -> None:
        """What is there before the first order; orders that are open stay open."""
        self.on_hand = Counter(units)

    def sold(self, order_key: str, units: Mapping[str, int]) -> None:
        """A shopper bought."""
        self.orders[order_key] = dict(units)
        self.open_orders.add(order_key)
        self.owed.update(units)

    def cancelled(self, order_key: str) -> None:
        """The order is not wanted or not served: nothing is owed for it any more."""
        if order_key in self.open_orders:
            self.open_orders.remove(order_key)
            self.owed.subtract(self.orders[order_key])

    def shipped(self, order_key: str) -> None:
        """The goods left, even if the buyer had changed their mind meanwhile."""
        self.cancelled(order_key)
        self.on_hand.subtract(self.orders.get(order_key, {}))

    def received(self, units: Mapping[str, int]) -> None:
        """Goods came."""
        self.on_hand.update(units)

    def sellable(self, sku: str) -> int:
        """Units that could be sold now without disappointing anybody."""
        return max(0, self.on_hand[sku] - self.owed[sku])
