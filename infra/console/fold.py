"""What each record means to the console: the statements that keep its picture, and the event in words."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from infra.console.store import Statement

Value = dict[str, Any]


@dataclass
class Batch:
    """What a poll of records comes to."""

    statements: list[Statement] = field(default_factory=list)
    skus: set[str] = field(default_factory=set)
    orders: set[str] = field(default_factory=set)

    def run(self, sql: str, *values: Any) -> None:
        """Add a statement."""
        self.statements.append((sql, values))

    def tell(self, value: Value, name: str, tone: str, text: str, at: int) -> None:
        """Add an event in words; `tone` is good, bad, warn or plain."""
        sku, order = value.get("sku", ""), value.get("order_key", "")
        self.run(
            "INSERT INTO events (at, name, tone, sku, order_key, channel, text) VALUES (?, ?, ?, ?, ?, ?, ?)",
            at, name, tone, sku, order, value.get("channel", ""), text,
        )  # fmt: skip
        if sku:
            self.skus.add(sku)
        if order:
            self.orders.add(order)


def units(count: int) -> str:
    """A number of units in words."""
    return "1 unit" if count == 1 else f"{count:,} units"


def level(batch: Batch, v: Value) -> None:
    """StockLevel: the row, its locations and its channels."""
    sku = v["sku"]
    batch.skus.add(sku)
    batch.run(
        "INSERT OR REPLACE INTO stock (sku, version, on_hand, reserved, safety, available, is_known, cause, cause_id,"
        " as_of) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        sku, v["version"], v["on_hand"], v["reserved"], v["safety_stock"], v["available"], int(v["is_known"]),
        v["cause"], v["cause_id"], v["as_of"],
    )  # fmt: skip
    batch.run("DELETE FROM locations WHERE sku = ?", sku)
    batch.run("DELETE FROM channels WHERE sku = ?", sku)
    for location, on_hand in v["locations"].items():
        batch.run("INSERT INTO locations VALUES (?, ?, ?)", sku, location, on_hand)
    for channel, c in v["channels"].items():
        batch.run("INSERT OR IGNORE INTO channel_names VALUES (?)", channel)
        batch.run(
            "INSERT INTO channels VALUES (?, ?, ?, ?, ?)", sku, channel, c["available"], c["reserved"], c["sold"]
        )


def gone(batch: Batch, sku: str) -> None:
    """A tombstone on the stock topic: the SKU is retired."""
    batch.skus.add(sku)
    for table in ("stock", "locations", "channels", "shown", "pushes"):
        batch.run(f"DELETE FROM {table} WHERE sku = ?", sku)


SHOWN = """INSERT INTO shown VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
quantity = excluded.quantity, at = excluded.at, how = excluded.how WHERE excluded.at >= shown.at"""


def observed(batch: Batch, v: Value) -> None:
    """ListingObserved: what a shop shows."""
    batch.skus.add(v["sku"])
    batch.run(SHOWN, v["sku"], v["channel"], v["quantity"], v["observed_at"], "seen")


def pushed(batch: Batch, v: Value) -> None:
    """ListingPushed: what we set, and the shop's answer."""
    at, outcome = v["acknowledged_at"], v["outcome"]
    batch.run(
        "INSERT OR REPLACE INTO pushes VALUES (?, ?, ?, ?, ?, ?)",
        v["sku"], v["channel"], v["quantity"], at, outcome, v["reason"],
    )  # fmt: skip
    if outcome in ("accepted", "clamped"):
        batch.run(SHOWN, v["sku"], v["channel"], v["quantity"], at, "set")
        text, tone = f"the shop now shows {v['quantity']:,}", "plain"
    else:
        text, tone = f"setting it to {v['quantity']:,}: {outcome} {v['reason']}".rstrip(), "warn"
    batch.tell(v, "ListingPushed", tone, text, at)


def reserved(batch: Batch, v: Value) -> None:
    """StockReserved."""
    batch.tell(v, "StockReserved", "good", f"{units(v['quantity'])} held for the order", v["occurred_at"])


def oversold(batch: Batch, v: Value) -> None:
    """StockOversold."""
    text = f"sold {units(v['quantity'])}, {v['short']:,} of them are not there"
    batch.tell(v, "StockOversold", "bad", text, v["occurred_at"])


def released(batch: Batch, v: Value) -> None:
    """ReservationReleased."""
    text = f"{units(v['quantity'])} free again: {v['kind']}, {v['reason']}"
    batch.tell(v, "ReservationReleased", "warn", text, v["occurred_at"])


def fulfilled(batch: Batch, v: Value) -> None:
    """ReservationFulfilled."""
    rest = "complete" if v["is_complete"] else "part of the line"
    text = f"{units(v['quantity'])} shipped from {v['location']} ({rest}), {v['on_hand']:,} left there"
    batch.tell(v, "ReservationFulfilled", "good", text, v["occurred_at"])


def changed(batch: Batch, v: Value) -> None:
    """OrderChanged: the order as the shop has it; an older version never overwrites a newer one."""
    batch.run(
        """INSERT INTO orders (order_key, channel, status, source_version, lines, placed_at, changed)
        VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET status = excluded.status, lines = excluded.lines,
        source_version = excluded.source_version, placed_at = excluded.placed_at, changed = excluded.changed
        WHERE excluded.source_version >= coalesce(orders.source_version, -1)""",
        v["order_key"], v["channel"], v["status"], v["source_version"], json.dumps(v["lines"]), v["placed_at"],
        v["received_at"],
    )  # fmt: skip
    why = f" ({v['reason']})" if v["reason"] else ""
    batch.tell(v, "OrderChanged", "plain", f"the shop says: {v['status'].replace('_', ' ')}{why}", v["occurred_at"])


DECISIONS = {
    "OrderAccepted": ("accepted", "good", "accepted: every line is held"),
    "OrderRejected": ("rejected", "bad", "rejected"),
    "OrderCancelled": ("cancelled", "warn", "cancelled"),
    "OrderCompleted": ("completed", "good", "completed: everything has left the house"),
}


def decided(batch: Batch, name: str, v: Value) -> None:
    """The four decisions about an order."""
    decision, tone, text = DECISIONS[name]
    reasons = [v["cause"], *v["reasons"]] if name == "OrderCancelled" else v["reasons"]
    said = ", ".join(dict.fromkeys(str(reason) for reason in reasons if reason))
    batch.run(
        """INSERT INTO orders (order_key, channel, decision, reasons, decided_at, placed_at, lines, changed)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET decision = excluded.decision,
        reasons = excluded.reasons, decided_at = coalesce(orders.decided_at, excluded.decided_at),
        changed = max(orders.changed, excluded.changed),
        lines = coalesce(orders.lines, excluded.lines)""",
        v["order_key"], v["channel"], decision, said, v["occurred_at"], v["placed_at"],
        json.dumps(v["lines"]) if "lines" in v else None, v["occurred_at"],
    )  # fmt: skip
    batch.tell(v, name, tone, f"{text}: {said}" if said and decision != "accepted" else text, v["occurred_at"])


def delivered(batch: Batch, v: Value) -> None:
    """OrderDelivered: the ERP has it."""
    batch.run(
        """INSERT INTO orders (order_key, channel, erp_reference, erp_at, erp_delay, placed_at, changed)
        VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET erp_reference = excluded.erp_reference,
        erp_at = excluded.erp_at, erp_delay = excluded.erp_delay, changed = max(orders.changed, excluded.changed)""",
        v["order_key"], ":".join(v["order_key"].split(":", 2)[:2]), v["erp_reference"], v["occurred_at"], v["delay_ms"],
        v["occurred_at"], v["occurred_at"],
    )  # fmt: skip
    said = f"{v['erp']} has it as {v['erp_reference'] or '(no number)'}"
    text = said if v["action"] == "created" else f"{v['erp']} has the cancellation"
    late = f"{v['delay_ms'] / 1000:.1f} s after the decision"
    batch.tell(v, "OrderDelivered", "good", f"{text}, {late}", v["occurred_at"])


def alert(batch: Batch, v: Value) -> None:
    """AlertRaised: opened or closed."""
    batch.run(
        "INSERT OR REPLACE INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?)",
        v["kind"], v["subject"], v["state"], v["severity"], v["summary"], v["action"], v["occurred_at"],
    )  # fmt: skip
    tone = "good" if v["state"] == "closed" else "bad" if v["severity"] == "critical" else "warn"
    batch.tell(v, "AlertRaised", tone, f"{v['kind']} {v['state']}: {v['summary']}", v["occurred_at"])


FOLDS: dict[str, Callable[[Batch, Value], None]] = {
    "StockLevel": level,
    "ListingObserved": observed,
    "ListingPushed": pushed,
    "StockReserved": reserved,
    "StockOversold": oversold,
    "ReservationReleased": released,
    "ReservationFulfilled": fulfilled,
    "OrderChanged": changed,
    "OrderDelivered": delivered,
    "AlertRaised": alert,
}


def fold(batch: Batch, name: str, value: Value) -> None:
    """Add what a record means to the batch; records that are not shown mean nothing."""
    if name in DECISIONS:
        decided(batch, name, value)
    elif name in FOLDS:
        FOLDS[name](batch, value)
