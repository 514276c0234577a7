"""Real baskets, three shops, the real ERP, and our own processes killed in between: it must come right."""

import pytest

from infra.demo.figures import Figures
from infra.demo.story import Wanted, play
from infra.local.stack import Stack

WANTED = Wanted(orders=45, seed=11, per_second=2.5, settle_seconds=240)
PLACED = "orders placed in the shops"
KILLS = ((10, "worker-stock"), (18, "sink"), (24, "gateway"), (30, "worker-orders"), (36, "publisher"))
"""After so many orders this process gets a kill -9; the supervisor starts it again."""


class Killer:
    """Watches the story's progress and kills by plan."""

    def __init__(self, stack: Stack) -> None:
        self._stack, self._plan = stack, list(KILLS)
        self.killed: list[str] = []

    def __call__(self, phase: str, done: int, total: int) -> None:
        while self._plan and phase == PLACED and done >= self._plan[0][0]:
            part = self._plan.pop(0)[1]
            self._stack.kill_part(part)
            self.killed.append(part)


@pytest.fixture(scope="module")
def told(market_stack: Stack) -> tuple[Figures, list[str]]:
    """The figures of one run, and who was killed in it."""
    killer = Killer(market_stack)
    return play(WANTED, market_stack.env, killer), killer.killed


def test_every_planned_kill_happened(told: tuple[Figures, list[str]]) -> None:
    assert told[1] == [part for _, part in KILLS]


def test_nothing_is_lost_and_nothing_is_counted_twice(told: tuple[Figures, list[str]]) -> None:
    figures = told[0]
    assert (figures.orders_sent, figures.orders_stored) == (WANTED.orders, WANTED.orders)
    assert (figures.lost, figures.duplicated) == (0, 0)


def test_every_order_ends_once(told: tuple[Figures, list[str]]) -> None:
    ends = told[0].orders_by_end
    assert set(ends) <= {"completed", "cancelled", "rejected"}
    assert sum(ends.values()) == WANTED.orders


def test_ledger_table_and_erp_say_the_same(told: tuple[Figures, list[str]]) -> None:
    assert told[0].ledger_equals_table
    assert told[0].ledger_equals_erp


def test_every_shop_shows_what_can_be_sold(told: tuple[Figures, list[str]]) -> None:
    assert told[0].listings_equal_stock


def test_every_hop_is_measured(told: tuple[Figures, list[str]]) -> None:
    hops = told[0].freshness
    assert len(hops) == 6
    assert all(hop["p50_ms"] <= hop["p99_ms"] for hop in hops.values())
