"""What was decided about an order, and when the ERP had it."""

from typing import Annotated, Literal

from schemas.events.base import Key, Long, Millis, Record, Symbols, Text, Units
from schemas.events.inventory import CancelReason
from schemas.events.platform import OrderLine

DeliveryAction = Annotated[Literal["unknown", "created", "cancelled"], Symbols("DeliveryAction")]


class Decision(Record):
    """What every decision says."""

    event_id: Key
    order_key: Key
    channel: Key
    reasons: list[str]
    placed_at: Millis
    occurred_at: Millis
    """When what led to the decision happened."""
    cause_id: Key


class OrderAccepted(Decision):
    """Every line is held: the ERP may have the order."""

    lines: list[OrderLine]


class OrderRejected(Decision):
    """The order cannot be served and is to be cancelled at the shop; its lines are free again."""

    lines: list[OrderLine]


class OrderCancelled(Decision):
    """The order ended without being served."""

    cause: CancelReason
    was_accepted: bool
    """True when the ERP may have it already."""


class OrderCompleted(Decision):
    """Everything that was wanted has left the house."""


class OrderDelivered(Record):
    """The ERP has taken an order, or its cancellation."""

    event_id: Key
    order_key: Key
    action: DeliveryAction
    erp: Key
    erp_reference: Text
    attempts: Units
    delay_ms: Long
    """From the decision's record to the ERP's answer."""
    cause_id: Key
    occurred_at: Millis
