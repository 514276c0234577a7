"""What the stock agent raises for people: an alarm, and a row in the list of who disagrees on what."""

from typing import Any

from schemas.cloudevents import headers
from schemas.codec import Codec
from schemas.topics import ALERTS, DISCREPANCIES
from schemas.wire import StockMovement
from streams.inventory.ids import derive
from streams.runtime import Transaction

SOURCE = "skustream/stock"


def unmapped(codec: Codec, tx: Transaction, movement: StockMovement, state: str) -> None:
    """A shop sells what the ERP does not know: open when the first line waits for the SKU, closed when none does."""
    sku, at = movement["sku"], movement["occurred_at"]
    fault: dict[str, Any] = {
        "event_id": derive(movement["event_id"], "unmapped", state),
        "kind": "unmapped_sku",
        "subject": sku,
        "state": state,
        "severity": "warning",
        "summary": f"{movement['channel']} sells {sku}, which the ERP does not know: order lines wait for it.",
        "action": "Create the product in the ERP with this code, or correct the code in the shop.",
        "cause_id": movement["cause_id"],
        "occurred_at": at,
    }
    marks = headers(SOURCE, "AlertRaised", fault["event_id"], sku, at)
    tx.send(ALERTS.name, f"unmapped_sku:{sku}".encode(), codec.encode("AlertRaised", fault), marks)
    if state == "open":
        _discrepancy(codec, tx, movement)


def _discrepancy(codec: Codec, tx: Transaction, movement: StockMovement) -> None:
    sku, at = movement["sku"], movement["occurred_at"]
    value: dict[str, Any] = {
        "event_id": derive(movement["event_id"], "discrepancy"),
        "sku": sku,
        "kind": "unmapped_sku",
        "channel": movement["channel"],
        "expected": 0,
        "actual": movement["quantity"],
        "cause": "the shop sells a SKU that the ERP does not have",
        "cause_id": movement["cause_id"],
        "occurred_at": at,
    }
    marks = headers(SOURCE, "DiscrepancyFound", value["event_id"], sku, at)
    tx.send(DISCREPANCIES.name, sku.encode(), codec.encode("DiscrepancyFound", value), marks)
