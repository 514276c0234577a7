"""Any order, any repetition: the stock core ends in the same row."""

import random
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.inventory.decide import DECIDERS, OF_A_LINE, unpark
from streams.inventory.evolve import evolve_reservation, evolve_row, fold
from streams.inventory.rows import EMPTY_ROW, NEW_RESERVATION, Reservation, StockRow, line_key
from tests.builders import (
    Told,
    cancelled,
    confirmed,
    counted,
    demanded,
    expired,
    fulfilled,
    moved,
    requested,
)

ORDERS = [f"shopify:north:{n}" for n in range(4)]


class Sku:
    """One SKU's row, lines and ledger, as the agent keeps them."""

    def __init__(self) -> None:
        self.row: StockRow = EMPTY_ROW
        self.lines: dict[str, Reservation] = {}
        self.ledger: list[Any] = []

    def tell(self, told: Told) -> None:
        name, command = told
        key = line_key(command["order_key"], command["line_id"]) if name in OF_A_LINE else ""
        self._apply(key, DECIDERS[name](self.row, self.lines.get(key, NEW_RESERVATION), command))
        waiting = sum(self.lines[parked].held for parked in self.row.parked)
        for parked in self.row.parked if self.row.is_known else ():
            self._apply(parked, unpark(self.row, parked, self.lines[parked], cast("Any", command), waiting))
            waiting -= self.lines[parked].held

    def _apply(self, key: str, movement: Any) -> None:
        if movement is None:
            return
        self.ledger.append(movement)
        self.row = evolve_row(self.row, movement)
        if key:
            self.lines[key] = evolve_reservation(self.lines.get(key, NEW_RESERVATION), movement)


def end(sku: Sku) -> Any:
    """What must not depend on the order: everything but versions and who was told to be short."""
    row = sku.row._replace(version=0)
    lines = {k: (r.quantity, r.is_open, r.held, r.sold, r.shipped) for k, r in sku.lines.items()}
    return row._replace(channels={k: c for k, c in row.channels.items() if c != (0, 0)}), lines


@st.composite
def stories(draw: st.DrawFn) -> list[Told]:
    """Facts of one SKU: counts and moves at two locations, and the lives of four order lines."""
    told: list[Told] = []
    position = 0
    for _ in range(draw(st.integers(1, 6))):
        position += draw(st.integers(1, 3))
        place, on_hand = draw(st.sampled_from(["A", "B"])), draw(st.integers(-2, 20))
        told.append((counted if draw(st.booleans()) else moved)(on_hand, position, place))
    for order in ORDERS[: draw(st.integers(0, 4))]:
        quantity = draw(st.integers(1, 6))
        told.append(requested(quantity, 1, draw(st.sampled_from([None, 100])), order))
        if draw(st.booleans()):
            told.append(requested(draw(st.integers(1, 6)), 2, None, order))
        if draw(st.booleans()):
            told.append(confirmed(order))
        if draw(st.booleans()):
            told.append(cancelled(order))
        for _ in range(draw(st.integers(0, 2))):
            position += 1
            told.append(fulfilled(draw(st.integers(1, 8)), draw(st.integers(-2, 20)), position, order))
    if draw(st.booleans()):
        told.append(demanded(draw(st.integers(0, 5)), position + 1))
    return told


@given(stories(), st.randoms(use_true_random=False))
@settings(max_examples=400, deadline=None)
def test_shuffled_and_repeated_facts_end_in_the_same_row(told: list[Told], rnd: random.Random) -> None:
    straight, shuffled = Sku(), Sku()
    for fact in told:
        straight.tell(fact)
    again = [*told, *rnd.sample(told, rnd.randint(0, len(told)))]
    rnd.shuffle(again)
    for fact in again:
        shuffled.tell(fact)
    assert end(shuffled) == end(straight)


@given(stories(), st.randoms(use_true_random=False), st.booleans())
@settings(max_examples=400, deadline=None)
def test_the_row_is_the_fold_of_its_ledger_and_the_sums_hold(
    told: list[Told], rnd: random.Random, with_expiry: bool
) -> None:
    sku = Sku()
    if with_expiry:
        told = [*told, *(expired(order) for order in ORDERS)]
    rnd.shuffle(told)
    for fact in told:
        sku.tell(fact)
        row = sku.row
        assert row.on_hand == sum(place.on_hand for place in row.locations.values())
        assert row.on_hand == sum(movement["on_hand_delta"] for movement in sku.ledger)
        assert row.reserved == sum(channel.reserved for channel in row.channels.values())
        demand = row.channels["erp"].reserved if "erp" in row.channels else 0
        assert row.reserved - demand == sum(line.held for line in sku.lines.values())
        assert row.version == len(sku.ledger)
    assert fold(sku.ledger) == sku.row


@given(stories(), st.integers(1, 5))
@settings(max_examples=200, deadline=None)
def test_availability_falls_below_nothing_only_by_a_recorded_oversell(told: list[Told], stock: int) -> None:
    sku = Sku()
    sku.tell(counted(stock, 10_000))
    for name, command in told:
        if name not in ("ReservationRequested", "ReservationCancelled"):
            continue
        before = sku.row.available
        sku.tell((name, command))
        if sku.row.available < min(0, before):
            assert sku.ledger[-1]["short"] > 0
