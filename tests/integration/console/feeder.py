"""A seeded stand-in for the pipeline: writes the records that the console reads, as the real processes would."""

import random
import time
from typing import Any

from confluent_kafka import Producer

from schemas.codec import Codec
from schemas.registry import Registry
from schemas.topics import (
    ALERTS,
    DELIVERIES,
    INVENTORY_RESERVATIONS,
    ORDER_DECISIONS,
    ORDERS,
    PUSHES,
    STOCK,
    Topic,
)

CHANNELS = ("shopify:north", "shopify:south", "woocommerce:west")
CAUSES = ("buyer", "buyer", "buyer", "oversold", "unpaid")


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Feeder:
    """A market in one object: `stock` counts SKUs, `order` sells one basket and lets everything happen to it."""

    def __init__(self, brokers: str, registry: str, seed: int = 7, prefix: str = "") -> None:
        self._producer = Producer({"bootstrap.servers": brokers, "linger.ms": 5})
        self._codec = Codec(Registry(registry))
        self.random = random.Random(seed)
        self.prefix = prefix
        self.rows: dict[str, dict[str, Any]] = {}
        self.orders = 1000
        self._events = 0

    def send(self, topic: Topic, key: str, name: str, **fields: Any) -> None:
        self._events += 1
        value = {"event_id": f"{self.prefix}f{self._events}", **fields}
        self._producer.produce(topic.name, key=key.encode(), value=self._codec.encode(name, value))
        self._producer.poll(0)

    def flush(self) -> None:
        assert self._producer.flush(30) == 0

    def stock(self, count: int) -> list[str]:
        """Count `count` SKUs at two locations and show them in all shops."""
        made = []
        for number in range(count):
            sku = f"{self.prefix}{1_000_000 + number * 37}"
            made.append(sku)
            main, back = self.random.randint(0, 90), self.random.randint(0, 40)
            self.rows[sku] = {
                "version": 2, "locations": {"Hall A": main, "Hall B": back}, "reserved": 0, "safety": 2,
                "sold": dict.fromkeys(CHANNELS, 0), "held": dict.fromkeys(CHANNELS, 0),
            }  # fmt: skip
            self.level(sku, "counted", now_ms())
        self.flush()
        return made

    def level(self, sku: str, cause: str, at: int) -> int:
        """Publish the SKU's row; what is available."""
        row = self.rows[sku]
        on_hand = sum(row["locations"].values())
        available: int = on_hand - row["reserved"] - row["safety"]
        channels = {
            c: {"available": max(0, available), "reserved": row["held"][c], "sold": row["sold"][c]} for c in CHANNELS
        }
        self.send(
            STOCK, sku, "StockLevel", sku=sku, version=row["version"], on_hand=on_hand, reserved=row["reserved"],
            safety_stock=row["safety"], available=available, locations=row["locations"], channels=channels,
            is_known=True, cause=cause, cause_id=f"c{self._events}", as_of=at,
        )  # fmt: skip
        return available

    def order(self, skus: list[str], fate: str = "") -> str:
        """One order from the shop's report to its end; fate: accepted, rejected, cancelled or completed."""
        self.orders += 1
        channel = self.random.choice(CHANNELS)
        key, at = f"{channel}:{self.prefix}{self.orders}", now_ms()
        wanted = self.random.sample(skus, min(len(skus), self.random.randint(1, 3)))
        lines = [{"line_id": str(n), "sku": sku, "quantity": self.random.randint(1, 3)} for n, sku in enumerate(wanted)]
        platform, shop = channel.split(":")
        self.send(
            ORDERS, key, "OrderChanged", order_key=key, platform=platform, shop=shop, channel=channel, status="paid",
            lines=lines, source_version=1, reason="", found_by="webhook", placed_at=at - 900,
            occurred_at=at - self.random.randint(20, 60), received_at=at,
        )  # fmt: skip
        short = sum(self.reserve(key, channel, line, at) for line in lines) > 0
        self.decide(key, channel, lines, at, fate or ("rejected" if short else self.random.choice(
            ("accepted", "accepted", "accepted", "accepted", "accepted", "completed", "cancelled"))))  # fmt: skip
        return key

    def reserve(self, key: str, channel: str, line: dict[str, Any], at: int) -> bool:
        """Hold a line; whether it was short."""
        sku, quantity = line["sku"], line["quantity"]
        row = self.rows[sku]
        free = sum(row["locations"].values()) - row["reserved"] - row["safety"]
        short = max(0, quantity - max(0, free))
        row["reserved"] += quantity
        row["held"][channel] += quantity
        row["sold"][channel] += quantity
        self._reservation("StockOversold" if short else "StockReserved", key, channel, line, at,
                          **({"short": short} if short else {}))  # fmt: skip
        self.show(sku, "oversold" if short else "reserved", at)
        return bool(short)

    def show(self, sku: str, cause: str, at: int) -> None:
        """Publish the row and set all shops to it."""
        available = self.level(sku, cause, at)
        for shop in CHANNELS:
            self.push(sku, shop, max(0, available), at)

    def push(self, sku: str, channel: str, quantity: int, at: int) -> None:
        """Show a quantity at a shop."""
        outcome = "failed" if self.random.random() < 0.01 else "accepted"
        self.send(
            PUSHES, sku, "ListingPushed", sku=sku, channel=channel, platform=channel.split(":")[0], quantity=quantity,
            previous=-1, outcome=outcome, reason="" if outcome == "accepted" else "the shop answered 503", attempts=1,
            stock_version=self.rows[sku]["version"], cause_id="c", cause_at=at,
            acknowledged_at=at + self.random.randint(60, 400),
        )  # fmt: skip

    def decide(self, key: str, channel: str, lines: list[dict[str, Any]], at: int, fate: str) -> None:
        """Decide an order and tell the ERP."""
        common = {"order_key": key, "channel": channel, "placed_at": at - 900, "cause_id": "c"}
        if fate == "rejected":
            why = ["oversold"]
            self.send(ORDER_DECISIONS, key, "OrderRejected", reasons=why, occurred_at=at + 60, lines=lines, **common)
            self.free(key, channel, lines, at + 70, "rejected", "oversold")
            return
        self.send(ORDER_DECISIONS, key, "OrderAccepted", reasons=[], occurred_at=at + 60, lines=lines, **common)
        delay = self.random.randint(200, 1900)
        self.send(
            DELIVERIES, key, "OrderDelivered", order_key=key, action="created", erp="tryton",
            erp_reference=f"SO{self.orders}", attempts=1, delay_ms=delay, cause_id="c", occurred_at=at + 60 + delay,
        )  # fmt: skip
        if fate == "cancelled":
            cause = self.random.choice(CAUSES)
            self.send(ORDER_DECISIONS, key, "OrderCancelled", reasons=[], cause=cause, was_accepted=True,
                      occurred_at=at + 2000, **common)  # fmt: skip
            self.free(key, channel, lines, at + 2010, "cancelled", cause)
        if fate == "completed":
            self.ship(key, channel, lines, at + 3000)
            self.send(ORDER_DECISIONS, key, "OrderCompleted", reasons=[], occurred_at=at + 3100, **common)

    def free(self, key: str, channel: str, lines: list[dict[str, Any]], at: int, kind: str, reason: str) -> None:
        """Release the lines."""
        for line in lines:
            row = self.rows[line["sku"]]
            row["reserved"] -= line["quantity"]
            row["held"][channel] -= line["quantity"]
            self._reservation("ReservationReleased", key, channel, line, at, kind=kind, reason=reason)
            self.show(line["sku"], kind, at)

    def ship(self, key: str, channel: str, lines: list[dict[str, Any]], at: int) -> None:
        """Ship the lines from Hall A."""
        for line in lines:
            row = self.rows[line["sku"]]
            row["reserved"] -= line["quantity"]
            row["held"][channel] -= line["quantity"]
            row["locations"]["Hall A"] -= line["quantity"]
            row["version"] += 1
            self.send(
                INVENTORY_RESERVATIONS, line["sku"], "ReservationFulfilled", sku=line["sku"], order_key=key,
                line_id=line["line_id"], quantity=line["quantity"], location="Hall A",
                on_hand=row["locations"]["Hall A"], position=1, source="tryton",
                is_complete=True, version=row["version"], cause_id="c", occurred_at=at,
            )  # fmt: skip
            self.show(line["sku"], "fulfilled", at)

    def alert(self, kind: str, subject: str, state: str, severity: str, summary: str, action: str) -> None:
        """Open or close an alarm."""
        self.send(
            ALERTS, f"{kind}:{subject}", "AlertRaised", kind=kind, subject=subject, state=state, severity=severity,
            summary=summary, action=action, cause_id="", occurred_at=now_ms(),
        )  # fmt: skip

    def _reservation(
        self, name: str, key: str, channel: str, line: dict[str, Any], at: int, **more: Any
    ) -> None:  # fmt: skip
        row = self.rows[line["sku"]]
        row["version"] += 1
        self.send(
            INVENTORY_RESERVATIONS, line["sku"], name, sku=line["sku"], order_key=key, line_id=line["line_id"],
            channel=channel, quantity=line["quantity"], version=row["version"], cause_id="c", occurred_at=at, **more,
        )  # fmt: skip
