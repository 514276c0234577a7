"""How fast everything goes: events per second over the last minutes, and how long each hop takes."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

STEP_MS = 2_000
"""Width of one point of the chart."""
POINTS = 300
"""Ten minutes."""
HOP_WINDOW_MS = 300_000
HOP_KEEP = 500

SERIES: dict[str, tuple[str, ...]] = {
    "orders": ("OrderChanged",),
    "reservations": ("StockReserved", "StockOversold", "ReservationReleased", "ReservationFulfilled"),
    "stock": ("StockLevel",),
    "shops": ("ListingPushed", "ListingObserved"),
}
"""The lines of the chart, and the records that each counts."""
LINE_OF = {record: line for line, records in SERIES.items() for record in records}


@dataclass(frozen=True)
class Hop:
    """One step of the way; `took` gives its milliseconds from a record and the time of the record in Kafka."""

    name: str
    title: str
    about: str
    record: str
    took: Callable[[dict[str, Any], int], int]


HOPS: tuple[Hop, ...] = (
    Hop("shop", "Shop tells us", "from the change at the shop to Kafka", "OrderChanged",
        lambda v, at: at - v["occurred_at"]),
    Hop("stock", "Stock decided", "from the order to the unit held", "StockReserved",
        lambda v, at: at - v["occurred_at"]),
    Hop("table", "Stock known", "from the cause to the SKU's new level in Kafka", "StockLevel",
        lambda v, at: at - v["as_of"]),
    Hop("push", "Shops corrected", "from the cause to the shop's answer", "ListingPushed",
        lambda v, at: v["acknowledged_at"] - v["cause_at"]),
    Hop("erp", "ERP told", "from the decision to the ERP's answer", "OrderDelivered", lambda v, at: v["delay_ms"]),
)  # fmt: skip
HOP_OF = {hop.record: hop for hop in HOPS}


def percentile(values: list[int], share: float) -> int:
    """The value below which the share of the values lies; the values are sorted already."""
    return values[min(len(values) - 1, int(share * len(values)))]


class Pulse:
    """Counts and delays in bounded memory. The feed's thread adds, the pages read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._points: dict[int, dict[str, int]] = {}
        self._delays: dict[str, deque[tuple[int, int]]] = {hop.name: deque(maxlen=HOP_KEEP) for hop in HOPS}
        self.last_at: dict[str, int] = {}
        """Newest record of each topic, milliseconds."""

    def add(self, topic: str, name: str, value: dict[str, Any], at: int) -> None:
        """Count one record that Kafka took at `at`."""
        with self._lock:
            if at > self.last_at.get(topic, 0):
                self.last_at[topic] = at
            self._count(name, at)
            hop = HOP_OF.get(name)
            if hop is not None:
                self._delays[hop.name].append((at, max(0, hop.took(value, at))))

    def _count(self, name: str, at: int) -> None:
        step = at // STEP_MS
        point = self._points.get(step)
        if point is None:
            if self._points and step < max(self._points) - POINTS:
                return
            point = self._points[step] = {"all": 0, **dict.fromkeys(SERIES, 0)}
            for old in [key for key in self._points if key < max(self._points) - POINTS]:
                del self._points[old]
        point["all"] += 1
        line = LINE_OF.get(name)
        if line:
            point[line] += 1

    def sample(self, now: int) -> list[float]:
        """The last whole point: seconds since 1970, then events per second of each line."""
        return self._point(now // STEP_MS - 1)

    def series(self, now: int) -> list[list[float]]:
        """The chart's columns for the last ten minutes: time, then one per line of SERIES."""
        last = now // STEP_MS
        return [list(column) for column in zip(*(self._point(last - i) for i in range(POINTS, 0, -1)), strict=True)]

    def per_second(self, now: int, seconds: int = 10) -> float:
        """Events per second of all topics over the last whole points."""
        steps = seconds * 1000 // STEP_MS
        with self._lock:
            found = [self._points.get(now // STEP_MS - i, {}).get("all", 0) for i in range(1, steps + 1)]
        return sum(found) / (steps * STEP_MS / 1000)

    def hops(self, now: int) -> list[dict[str, Any]]:
        """Each hop with its p50 and p99 in milliseconds over five minutes; None when nothing came."""
        found = []
        for hop in HOPS:
            with self._lock:
                recent = sorted(delay for at, delay in self._delays[hop.name] if at > now - HOP_WINDOW_MS)
            found.append(
                {
                    "name": hop.name, "title": hop.title, "about": hop.about, "count": len(recent),
                    "p50": percentile(recent, 0.5) if recent else None,
                    "p99": percentile(recent, 0.99) if recent else None,
                }
            )  # fmt: skip
        return found

    def _point(self, step: int) -> list[float]:
        with self._lock:
            point = self._points.get(step)
        seconds = STEP_MS / 1000
        return [step * seconds, *((point[line] / seconds if point else 0.0) for line in SERIES)]
