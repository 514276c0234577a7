"""Rates and delays are counted by the time that Kafka gives a record, in bounded memory."""

from infra.console.pulse import POINTS, STEP_MS, Pulse
from tests.builders import record

NOW = 1_700_000_000_000
TOPIC = "platform.orders.v1"


def order(occurred_at: int) -> tuple[str, dict[str, object]]:
    return record(
        "OrderChanged", order_key="a:b:1", platform="a", shop="b", channel="a:b", status="paid", lines=[],
        source_version=1, reason="", found_by="webhook", placed_at=0, occurred_at=occurred_at, received_at=0,
    )  # fmt: skip


def test_events_per_second_are_of_whole_points() -> None:
    pulse = Pulse()
    for n in range(100):
        pulse.add(TOPIC, *order(NOW), at=NOW + n * 100)
    assert pulse.per_second(NOW + 10_000) == 10.0
    assert pulse.sample(NOW + 10_000)[1] == 10.0


def test_the_chart_has_ten_minutes_whatever_came() -> None:
    pulse = Pulse()
    for n in range(3 * POINTS):
        pulse.add(TOPIC, *order(NOW), at=NOW + n * STEP_MS)
    columns = pulse.series(NOW + 3 * POINTS * STEP_MS)
    assert {len(column) for column in columns} == {POINTS}
    assert set(columns[1]) == {0.5}
    assert len(pulse._points) <= POINTS + 1


def test_a_hop_is_known_by_its_percentiles_and_a_shop_clock_ahead_counts_as_nothing() -> None:
    pulse = Pulse()
    for delay in (*[40] * 99, 5_000):
        pulse.add(TOPIC, *order(NOW - delay), at=NOW)
    pulse.add(TOPIC, *order(NOW + 60_000), at=NOW)
    hop = pulse.hops(NOW)[0]
    assert (hop["p50"], hop["p99"], hop["count"]) == (40, 40, 101)
    assert pulse.hops(NOW)[4]["p50"] is None
