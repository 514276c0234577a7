"""What we believe a shop shows and has sold of a SKU, and what it should show. Pure.

A shop sells between our looks at it. What it shows falls by every sale and rises by every cancellation at once, while
the order reaches the stock table later. So from what the shop showed and what we set, we know how many units it has
taken in all (``taken``); the stock table knows how many of those it has seen (``sold``). The difference is under way:
it must stay subtracted from what we set, or we would put units on sale that the shop has sold already.

Note that the difference has to be carried over our own pushes: an acknowledged push says nothing about orders that
are still under way.
"""

from dataclasses import dataclass
from typing import NamedTuple

from schemas.wire import StockLevel


@dataclass(frozen=True, slots=True)
class Belief:
    """At some instant the shop showed ``shown`` and had taken ``taken`` units in all (sold less cancelled), of which
    the stock table had seen ``seen``."""

    shown: int
    taken: int
    seen: int


class Level(NamedTuple):
    """What the stock table says of a SKU for one channel."""

    available: int
    sold: int
    version: int
    as_of: int
    cause_id: str


def first_sight(actual: int, sold: int) -> Belief:
    """Nothing is known of orders under way: assume none."""
    return Belief(actual, sold, sold)


def expected(belief: Belief, sold: int) -> Belief:
    """Now, as far as the stock table tells: a sale that it has seen since, and that was not under way before, has
    lowered what is shown; a cancellation likewise has raised it. A guess, which compare-and-swap or a look corrects."""
    change = sold - belief.seen
    under_way = belief.taken - belief.seen
    change = max(0, change - max(0, under_way)) if change > 0 else min(0, change - min(0, under_way))
    return Belief(belief.shown - change, belief.taken + change, sold)


def is_doubtful(belief: Belief, sold: int) -> bool:
    """Whether the shop is known to have taken other units than the table has seen: then a guess is not enough."""
    return expected(belief, sold).taken != sold


def observed(belief: Belief, actual: int, sold: int) -> Belief:
    """After a look at the shop: whatever it shows less than before was taken, whatever more was given back."""
    return Belief(actual, belief.taken + belief.shown - actual, sold)


def target(belief: Belief, level: Level) -> int:
    """What the shop should show: what can be sold less what it has sold without our knowing yet."""
    under_way = max(0, belief.taken - level.sold)
    return max(0, level.available - under_way)


def pushed(belief: Belief, shown: int) -> Belief:
    """After the shop acknowledged a push: it shows that, and has taken what it had."""
    return Belief(shown, belief.taken, belief.seen)


def given_back(belief: Belief, units: int) -> Belief:
    """After a cancellation that did not raise what is shown."""
    return Belief(belief.shown, belief.taken - units, belief.seen)


def after_doubt(belief: Belief, quantity: int, actual: int, sold: int) -> Belief:
    """After a push whose answer was lost: take the story in which the shop sold less meanwhile."""
    if abs(quantity - actual) < abs(belief.shown - actual):
        return observed(pushed(belief, quantity), actual, sold)
    return observed(belief, actual, sold)


def settled(belief: Belief, sold: int) -> Belief:
    """Nothing has moved for so long that nothing can be under way: a merchant's own edit, or a lost order."""
    return Belief(belief.shown, sold, sold)


def level_of(stock: StockLevel, channel: str) -> Level:
    """The stock table's row as one channel needs it."""
    own = stock["channels"].get(channel)
    return Level(
        available=max(0, stock["available"]) if own is None else own["available"],
        sold=0 if own is None else own["sold"],
        version=stock["version"],
        as_of=stock["as_of"],
        cause_id=stock["cause_id"],
    )
