"""The rule of what a shop should show, against a shop that sells while we do not look."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.platforms.publisher import belief as rule
from connectors.platforms.publisher.belief import Belief, Level


def level(available: int, sold: int) -> Level:
    return Level(available, sold, version=1, as_of=0, cause_id="c")


def test_a_sale_of_the_channel_itself_needs_no_push() -> None:
    known = rule.first_sight(10, sold=0)
    now = rule.expected(known, sold=1)
    assert (now.shown, rule.target(now, level(9, 1))) == (9, 9)


def test_a_sale_elsewhere_lowers_what_is_shown() -> None:
    now = rule.expected(rule.first_sight(10, sold=0), sold=0)
    assert rule.target(now, level(9, 0)) == 9


def test_units_under_way_stay_subtracted_over_any_number_of_pushes() -> None:
    known = rule.observed(rule.first_sight(10, sold=0), actual=8, sold=0)
    for available in (9, 8, 7):
        quantity = rule.target(known, level(available, 0))
        assert quantity == available - 2
        known = rule.pushed(known, quantity)
    # the two orders arrive: nothing is under way any more
    now = rule.expected(known, sold=2)
    assert (now.shown, rule.target(now, level(5, 2))) == (5, 5)


def test_a_lost_answer_is_explained_by_the_smaller_sale() -> None:
    known = Belief(10, 0, 0)
    assert rule.after_doubt(known, quantity=4, actual=4, sold=0) == Belief(4, 0, 0)
    assert rule.after_doubt(known, quantity=4, actual=3, sold=0) == Belief(3, 1, 0)
    assert rule.after_doubt(known, quantity=4, actual=9, sold=0) == Belief(9, 1, 0)


def test_a_cancellation_without_restocking_is_no_sale_under_way() -> None:
    # two units were taken, the table saw and rejected them: sold is back at nothing
    known = rule.observed(rule.first_sight(2, sold=0), actual=0, sold=0)
    assert rule.target(known, level(2, 0)) == 0
    assert rule.target(rule.given_back(known, 2), level(2, 0)) == 2


@dataclass
class World:
    """A shop with compare-and-swap, a table that hears of its orders late, and our publisher."""

    stock: int
    shown: int = 0
    taken: int = 0
    sold: int = 0
    on_the_way: list[int] = field(default_factory=list)
    known: Belief | None = None

    def available(self) -> int:
        return self.stock - self.sold

    def publish(self) -> None:
        state = level(max(0, self.available()), self.sold)
        if self.known is None:
            self.known = rule.first_sight(self.shown, self.sold)
        if rule.is_doubtful(self.known, self.sold):
            self.known = rule.observed(self.known, self.shown, self.sold)
        now = rule.expected(self.known, self.sold)
        quantity = rule.target(now, state)
        if quantity == now.shown:
            return
        if now.shown != self.shown:
            self.known = rule.observed(self.known, self.shown, self.sold)
            quantity = rule.target(self.known, state)
            now = self.known
        self.shown = quantity
        self.known = rule.pushed(now, quantity)


ACTS = ("buy", "buy", "cancel", "hear", "hear", "publish", "publish", "goods")


@settings(max_examples=300, deadline=None)
@given(
    stock=st.integers(0, 20),
    acts=st.lists(st.sampled_from(ACTS), max_size=60),
)
def test_the_only_channel_never_oversells_and_ends_right(stock: int, acts: list[str]) -> None:
    world = World(stock)
    world.publish()
    for act in acts:
        if act == "buy" and world.shown > 0:
            world.shown, world.taken = world.shown - 1, world.taken + 1
            world.on_the_way.append(1)
        elif act == "cancel" and world.taken > 0:
            world.shown, world.taken = world.shown + 1, world.taken - 1
            world.on_the_way.append(-1)
        elif act == "hear" and world.on_the_way:
            world.sold += world.on_the_way.pop(0)
        elif act == "publish":
            world.publish()
        elif act == "goods":
            world.stock += 3
        assert world.taken <= world.stock
    while world.on_the_way:
        world.sold += world.on_the_way.pop(0)
    for _ in range(3):
        world.publish()
    assert world.shown == world.available()
