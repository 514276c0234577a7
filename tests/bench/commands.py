"""The full command mix for the stock agent: what a busy shop day looks like on inventory.commands.v1."""

from collections.abc import Iterator
from itertools import accumulate
from random import Random
from typing import Any

SKUS = 10_000
START_MS = 1_700_000_000_000
Told = tuple[str, dict[str, Any]]
KINDS, SHARES = ("request", "cancel", "fulfil", "move"), (0.55, 0.08, 0.25, 0.12)
"""Sales, cancellations, shipments, receipts; every SKU is counted first."""


def commands(count: int, seed: int = 7, skus: int = SKUS) -> Iterator[Told]:
    """``skus`` counts, then ``count`` commands over zipf 1.1; the same seed gives the same commands."""
    rnd = Random(seed)
    weights = list(accumulate(1 / (rank + 1) ** 1.1 for rank in range(skus)))
    for n in range(skus):
        yield "StockCounted", _at_location(rnd, n, f"SKU-{n:05d}", n, 500) | {"source": "bench"}
    lines: list[tuple[str, str, int]] = []
    chosen = rnd.choices(range(skus), cum_weights=weights, k=count)
    for n, (sku, kind) in enumerate(zip(chosen, rnd.choices(KINDS, SHARES, k=count), strict=True), skus):
        if kind == "request" or (kind != "move" and not lines):
            lines.append((f"SKU-{sku:05d}", f"shopify:north:{n}", rnd.randint(1, 3)))
            yield _request(rnd, n, *lines[-1])
        elif kind == "move":
            told = _at_location(rnd, n, f"SKU-{sku:05d}", n, rnd.randint(100, 500))
            yield "StockMoved", told | {"quantity": 5, "source": "bench", "reason": "received", "reference": f"IN/{n}"}
        else:
            yield _end(rnd, n, kind, lines.pop(rnd.randrange(len(lines))))


def _base(rnd: Random, n: int, sku: str) -> dict[str, Any]:
    h = f"{rnd.getrandbits(128):032x}"
    return {"event_id": f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}", "sku": sku, "occurred_at": START_MS + n}


def _at_location(rnd: Random, n: int, sku: str, position: int, on_hand: int) -> dict[str, Any]:
    return _base(rnd, n, sku) | {"location": "A1", "on_hand": on_hand, "position": position}


def _request(rnd: Random, n: int, sku: str, order_key: str, quantity: int) -> Told:
    line = {"order_key": order_key, "line_id": "1", "channel": "shopify:north", "quantity": quantity}
    return "ReservationRequested", _base(rnd, n, sku) | line | {"is_firm": True, "expires_at": None, "revision": 1}


def _end(rnd: Random, n: int, kind: str, line: tuple[str, str, int]) -> Told:
    sku, order_key, quantity = line
    told = _base(rnd, n, sku) | {"order_key": order_key, "line_id": "1"}
    if kind == "cancel":
        return "ReservationCancelled", told | {"reason": "buyer"}
    left = {"quantity": quantity, "location": "A1", "on_hand": rnd.randint(100, 500), "position": n, "source": "bench"}
    return "ReservationFulfilled", told | left | {"is_complete": False, "version": 0, "cause_id": ""}
