"""What is known of a SKU (one row) and of an order line (one reservation): frozen, bounded, and derivable.

Every field of a reservation only grows or is set once, and what a reservation holds is computed from its fields. So the
order in which its facts arrive does not matter: the end is the same.
"""

from collections.abc import Mapping
from typing import NamedTuple

ERP_CHANNEL = "erp"
"""Demand that the ERP promised to others counts as reserved under this channel."""


class Location(NamedTuple):
    """Units at a location, and how far in the source's commit order that is known."""

    on_hand: int
    position: int


NOWHERE = Location(0, -1)
"""A location that nothing is known of; every fact is newer."""


class Channel(NamedTuple):
    """What one channel holds and has sold (sold less cancelled)."""

    reserved: int
    sold: int


NOTHING = Channel(0, 0)


class StockRow(NamedTuple):
    """One SKU. ``on_hand`` and ``reserved`` are the totals of ``locations`` and ``channels``."""

    version: int
    is_known: bool
    on_hand: int
    reserved: int
    safety_stock: int
    policy_position: int
    demand_position: int
    locations: Mapping[str, Location]
    channels: Mapping[str, Channel]
    parked: tuple[str, ...]
    """Order lines (``order_key NUL line_id``) that wait until the ERP tells of the SKU."""

    @property
    def available(self) -> int:
        """Units that could be sold now; less than nothing after an oversell."""
        return self.on_hand - self.reserved - self.safety_stock


EMPTY_ROW = StockRow(0, False, 0, 0, 0, -1, -1, {}, {}, ())


class Reservation(NamedTuple):
    """One order line. It exists from the first fact on, even if that is its cancellation."""

    quantity: int
    is_requested: bool
    is_firm: bool
    closed: str
    """Empty, or what ended it: cancelled, rejected or expired."""
    shipped: int
    short: int
    channel: str
    expires_at: int
    """Milliseconds since 1970; -1 for never."""
    revision: int

    @property
    def is_open(self) -> bool:
        """It holds units. Paying an expired hold opens it again: the buyer's money is the later fact."""
        ended = self.closed and not (self.closed == "expired" and self.is_firm)
        return self.is_requested and not ended and self.shipped < self.quantity

    @property
    def held(self) -> int:
        """Units that it holds."""
        return self.quantity - self.shipped if self.is_open else 0

    @property
    def sold(self) -> int:
        """Units that its channel sold: what is wanted while it lives, what was shipped after it ended."""
        return self.quantity if self.is_open or self.shipped >= self.quantity else self.shipped


NEW_RESERVATION = Reservation(0, False, False, "", 0, 0, "", -1, -1)


def line_key(order_key: str, line_id: str) -> str:
    """An order line's name within its SKU."""
    return f"{order_key}\0{line_id}"


def channel_of(order_key: str) -> str:
    """platform:shop of an order key platform:shop:order."""
    return order_key.rsplit(":", 1)[0]
