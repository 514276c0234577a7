"""Who buys what, where and when: a plan that a seed makes, the same on every machine."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from infra.market.baskets import Basket, Demand, drawn

CANCEL_RATE = 0.065
"""Buyers who change their mind: the middle of the 5-8 % that shops report."""
CANCEL_AFTER = (0.3, 3.0)
"""Seconds after the order."""
UNPAID_FIRST = 0.15
"""Orders that are placed first and paid a moment later; the others are paid at once."""
PAID_AFTER = (0.2, 2.0)


@dataclass(frozen=True)
class Visit:
    """One shopper: comes ``wait`` seconds after the one before, wants a basket, may pay later or change their mind."""

    wait: float
    shop: int
    basket: Basket
    pays_after: float | None
    cancels_after: float | None


def visits(source: Demand, seed: int, shops: int, per_second: float) -> Iterator[Visit]:
    """Shoppers without end."""
    rnd = Random(f"market {seed}")
    weights = [1 / (n + 1) for n in range(shops)]
    for basket in drawn(source, seed):
        pays = rnd.uniform(*PAID_AFTER) if rnd.random() < UNPAID_FIRST else None
        cancels = rnd.uniform(*CANCEL_AFTER) if rnd.random() < CANCEL_RATE else None
        shop = rnd.choices(range(shops), weights)[0]
        yield Visit(rnd.expovariate(per_second), shop, basket, pays, cancels)
