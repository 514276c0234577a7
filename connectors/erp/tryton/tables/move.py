"""stock_move: goods going from one place to another; on hand is the sum of the done ones."""

from typing import Literal

from connectors.erp.tryton.tables.row import Row

MoveState = Literal["staging", "draft", "assigned", "done", "cancelled"]


class Move(Row):
    """``internal_quantity`` is in the product's default unit; a done move may still be cancelled."""

    product: int
    from_location: int
    to_location: int
    internal_quantity: float
    state: MoveState
    origin: str | None
    """``model,id``, such as ``sale.line,7``."""
