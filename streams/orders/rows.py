"""What is known of an order: frozen, one row per order key."""

from typing import NamedTuple


class Line(NamedTuple):
    """One line: what is wanted, and how its reservation stands."""

    line_id: str
    sku: str
    quantity: int
    state: str
    """requested, reserved, oversold, expired, released or fulfilled"""
    short: int
    shipped: int = 0
    """Units that have left the house."""


class OrderRow(NamedTuple):
    """One order. ``decision`` is empty until one is made; cancelled, rejected and completed are the ends."""

    source_version: int
    channel: str
    is_firm: bool
    placed_at: int
    decision: str
    was_accepted: bool
    lines: tuple[Line, ...]


NEW_ORDER = OrderRow(-1, "", False, 0, "", False, ())
HELD = frozenset({"requested", "reserved", "oversold", "expired"})
"""States of a line that holds units or may again: an expired one is taken back when it is paid."""
ENDED = frozenset({"cancelled", "rejected", "completed"})
