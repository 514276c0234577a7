"""Replaying and repeating the change feed changes nothing."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.erp_feed import Feed, Recorded, envelope, recorded

CHANGES = recorded()
WHOLE = Feed()
WHOLE.play(CHANGES)


def redelivered(cuts: list[tuple[int, int]]) -> list[Recorded]:
    """The feed as it is after restarts: at each cut the last changes come again, at new offsets."""
    feed: list[Recorded] = []
    done = 0
    for place, back in sorted(cuts):
        feed += CHANGES[done:place]
        feed += CHANGES[max(0, place - back) : place]
        done = place
    feed += CHANGES[done:]
    return [(offset, value) for offset, (_, value) in enumerate(feed)]


@given(st.lists(st.tuples(st.integers(0, len(CHANGES)), st.integers(0, 60)), max_size=6))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_changes_that_come_again_change_nothing(cuts: list[tuple[int, int]]) -> None:
    feed = Feed()
    feed.play(redelivered(cuts))
    assert feed.world.stock == WHOLE.world.stock
    assert feed.world.promised == WHOLE.world.promised
    assert feed.world.shipped == WHOLE.world.shipped
    assert feed.world.alerts == WHOLE.world.alerts


def shipped_for_good(feed: Feed) -> dict[tuple[str, str, str], int]:
    """Without the shipment that was cancelled after it had left: what is read last may never have seen it leave."""
    return {line: units for line, units in feed.world.shipped.items() if line[0] != "woo:east:8"}


@given(st.permutations(CHANGES))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_depends_on_the_order_of_the_changes(shuffled: list[Recorded]) -> None:
    feed = Feed()
    # a heartbeat comes every second; one ends the snapshot when its last row is not the last to come
    beat = envelope("skustream_heartbeat", {"id": 1, "beat_at": "now"}, "u", 1)
    feed.play([(offset, value) for offset, (_, value) in enumerate([*shuffled, (0, beat)])])
    sums = (b"h/", b"d/", b"x/", b"k/", b"z")
    ours, theirs = (
        {key: value for key, value in one.state.rows.items() if key.startswith(sums) and value != "0"}
        for one in (feed, WHOLE)
    )
    assert ours == theirs
    assert feed.world.stock == WHOLE.world.stock
    assert feed.world.promised == WHOLE.world.promised
    assert shipped_for_good(feed) == shipped_for_good(WHOLE)
