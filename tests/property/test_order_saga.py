"""Orders and stock together: whatever comes in, in whatever order and however often, they agree in the end."""

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from streams.orders.rows import ENDED
from streams.orders.saga import FIRM, GONE, Policy
from tests.builders import Told, counted, record
from tests.order_builders import Lines, reported
from tests.property.order_world import World

ORDERS = [f"shopify:north:{n}" for n in range(3)]
SKUS = ["SKU-1", "SKU-2", "SKU-3"]
ALIVE = ["created", "held", *sorted(FIRM)]
POLICIES = [Policy(), Policy(oversell="backorder")]
lines = st.dictionaries(st.sampled_from(SKUS), st.integers(1, 4), min_size=1)
Reports = list[Any]


@st.composite
def histories(draw: st.DrawFn) -> dict[str, Reports]:
    """Of each order: what its platform reports, oldest first. It may be edited, paid, held; when it is gone, it is."""
    found: dict[str, Reports] = {}
    for order in ORDERS[: draw(st.integers(1, len(ORDERS)))]:
        statuses = draw(st.lists(st.sampled_from(ALIVE), min_size=1, max_size=4))
        if draw(st.integers(0, 3)) == 0:
            statuses.append(draw(st.sampled_from(sorted(GONE))))
        wanted = draw(lines)
        found[order] = []
        for version, status in enumerate(statuses, 1):
            if draw(st.integers(0, 2)) == 0:
                wanted = draw(lines)
            found[order].append(reported(status, version, wanted, order))
    return found


def run(history: dict[str, Reports], stock: list[Told], policy: Policy, rnd: random.Random, is_crossed: bool) -> World:
    """A world that was told all of it; crossed: shuffled, some of it twice, and served in any order."""
    world = World(policy)
    for told in stock:
        world.command(told)
    for reports in history.values():
        arriving = list(reports)
        if is_crossed:
            arriving += rnd.sample(reports, rnd.randint(0, len(reports)))
            rnd.shuffle(arriving)
        for report in arriving:
            world.report(report)
    world.settle(rnd.randrange if is_crossed else lambda n: 0)
    return world


def end(world: World) -> Any:
    """What must not depend on the order of arrival: how each order stands, and what each SKU and line holds."""
    orders = {}
    for key, row in world.order_rows.items():
        alive = {(x.line_id, x.sku): (x.quantity, x.state) for x in row.lines if x.state != "released"}
        orders[key] = row.decision if row.decision in ENDED else (row.decision, row.is_firm, row.source_version, alive)
    stock = {
        sku: (row.on_hand, row.reserved, {name: c for name, c in row.channels.items() if c != (0, 0)})
        for sku, row in world.stock_rows.items()
    }
    held = {name: reservation.held for name, reservation in world.reservations.items() if reservation.held}
    return orders, stock, held


@given(histories(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_reports_in_any_order_and_number_end_in_the_same_rows(history: dict[str, Reports], rnd: random.Random) -> None:
    plenty = [counted(1000, 1, sku=sku) for sku in SKUS]
    straight = run(history, plenty, Policy(), rnd, is_crossed=False)
    crossed = run(history, plenty, Policy(), rnd, is_crossed=True)
    straight.check_settled()
    crossed.check_settled()
    assert end(crossed) == end(straight)


@given(
    histories(),
    st.lists(st.tuples(st.sampled_from(SKUS), st.integers(0, 6)), max_size=4),
    st.sampled_from(POLICIES),
    st.randoms(use_true_random=False),
)
@settings(max_examples=60, deadline=None)
def test_when_units_are_few_orders_and_stock_agree_on_who_holds_them(
    history: dict[str, Reports], counts: list[tuple[str, int]], policy: Policy, rnd: random.Random
) -> None:
    stock = [counted(on_hand, position, sku=sku) for position, (sku, on_hand) in enumerate(counts, 1)]
    run(history, stock, policy, rnd, is_crossed=True).check_settled()


class Market(RuleBasedStateMachine):
    """Shops, buyers, the ERP and the clock do what they like while the agents are at work."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(Policy())
        self.versions: dict[str, int] = dict.fromkeys(ORDERS, 0)
        self.told: dict[str, Reports] = {order: [] for order in ORDERS}
        self.gone: set[str] = set()
        self.position = 0
        self.on_hand: dict[str, int] = dict.fromkeys(SKUS, 0)
        self.shipped: dict[tuple[str, str, str], int] = {}
        self.random = random.Random(0)

    @rule(order=st.sampled_from(ORDERS), status=st.sampled_from(ALIVE), wanted=lines, is_held_back=st.booleans())
    def report(self, order: str, status: str, wanted: Lines, is_held_back: bool) -> None:
        """A platform reports; some reports only arrive later, with ``repeat``."""
        if order in self.gone:
            return
        self.versions[order] += 1
        told = reported(status, self.versions[order], wanted, order)
        self.told[order].append(told)
        if not is_held_back:
            self.world.report(told)

    @rule(order=st.sampled_from(ORDERS), status=st.sampled_from(sorted(GONE)))
    def leave(self, order: str, status: str) -> None:
        """The order is cancelled at the shop."""
        if order not in self.gone:
            self.report(order, status, {"SKU-1": 1}, is_held_back=False)
            self.gone.add(order)

    @precondition(lambda self: any(self.told.values()))
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """A report arrives late or again."""
        order = data.draw(st.sampled_from([order for order, told in self.told.items() if told]))
        self.world.report(data.draw(st.sampled_from(self.told[order])))

    @rule(sku=st.sampled_from(SKUS), on_hand=st.integers(0, 8))
    def count(self, sku: str, on_hand: int) -> None:
        """The ERP counts."""
        self.position += 1
        self.on_hand[sku] = on_hand
        self.world.command(counted(on_hand, self.position, sku=sku))

    @precondition(lambda self: self.world.accepted)
    @rule(data=st.data())
    def ship(self, data: st.DataObject) -> None:
        """The ERP ships one unit of what was accepted; it may not know yet that the order was cancelled or edited."""
        open_lines = [
            (sku, order, line_id)
            for order, lines in self.world.accepted.items()
            for (sku, line_id), quantity in lines.items()
            if self.shipped.get((sku, order, line_id), 0) < quantity
        ]
        if not open_lines:
            return
        sku, order, line_id = name = data.draw(st.sampled_from(open_lines))
        self.position += 1
        self.on_hand[sku] -= 1
        self.shipped[name] = self.shipped.get(name, 0) + 1
        fields = {"sku": sku, "order_key": order, "line_id": line_id, "location": "A", "source": "erp"}
        figures = {"quantity": self.shipped[name], "on_hand": self.on_hand[sku], "position": self.position}
        self.world.command(record("ReservationFulfilled", **fields, **figures))

    @rule(is_late=st.booleans())
    def tick(self, is_late: bool) -> None:
        """Time passes; late, every hold runs out."""
        self.world.tick() if is_late else self.world.tick(0)

    @rule(data=st.data(), steps=st.integers(1, 8))
    def serve(self, data: st.DataObject, steps: int) -> None:
        """The agents work on any of the queues."""
        for _ in range(steps):
            if not self.world.serve(lambda n: data.draw(st.integers(0, n - 1)) if n > 1 else 0):
                return

    @invariant()
    def sums_hold(self) -> None:
        self.world.check_sums()
        self.world.check_chains()

    def teardown(self) -> None:
        self.world.settle(self.random.randrange)
        self.world.check_settled()


TestMarket = Market.TestCase
TestMarket.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
