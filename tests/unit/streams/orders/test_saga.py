"""What the saga asks of the stock and decides, by example."""

from typing import Any

import pytest

from streams.orders.rows import NEW_ORDER, OrderRow
from streams.orders.saga import FIRM, GONE, Output, Policy, on_change, on_line
from tests.builders import SKU
from tests.order_builders import oversold, released, reported, reserved, shipped

OTHER = "SKU-2"
BOTH = {SKU: 2, OTHER: 1}
REJECT, BACKORDER = Policy(), Policy(oversell="backorder")


def tell(*facts: Any, policy: Policy = REJECT) -> tuple[OrderRow, list[list[Output]]]:
    """One order told reports (dicts) and answers (name and dict); the row, and what followed from each."""
    row, out = NEW_ORDER, []
    for fact in facts:
        if isinstance(fact, tuple):
            name, event = fact
            row, outputs = on_line(row, name, event, policy)
        else:
            row, outputs = on_change(row, fact, policy)
        out.append(outputs)
    return row, out


def names(outputs: list[Output]) -> list[str]:
    return [output.record for output in outputs]


def states(row: OrderRow) -> dict[str, str]:
    return {line.sku: line.state for line in row.lines}


def test_a_new_order_asks_for_each_of_its_lines_and_holds_them_for_a_while() -> None:
    row, [asked] = tell(reported("created", 1, BOTH, occurred_at=1000))
    assert names(asked) == ["ReservationRequested"] * 2
    assert [(o.value["sku"], o.value["quantity"], o.value["is_firm"]) for o in asked] == [
        (SKU, 2, False),
        (OTHER, 1, False),
    ]
    assert asked[0].value["expires_at"] == 1000 + REJECT.hold_ms
    assert (states(row), row.decision) == ({SKU: "requested", OTHER: "requested"}, "")


def test_a_paid_order_asks_for_ever_and_is_accepted_when_every_line_is_held() -> None:
    row, out = tell(reported("paid", 1, BOTH), reserved(), reserved(1, OTHER))
    assert [o.value["expires_at"] for o in out[0]] == [None, None]
    assert out[1] == []
    assert names(out[2]) == ["OrderAccepted"]
    assert [line["sku"] for line in out[2][0].value["lines"]] == [SKU, OTHER]
    assert (row.decision, row.was_accepted) == ("accepted", True)


def test_an_unpaid_order_is_held_and_not_accepted() -> None:
    row, out = tell(reported("created", 1), reserved())
    assert (out[1], row.decision) == ([], "")


def test_paying_confirms_what_is_held_and_accepts() -> None:
    row, out = tell(reported("created", 1), reserved(), reported("paid", 2))
    assert names(out[2]) == ["ReservationConfirmed", "OrderAccepted"]
    assert row.is_firm


def test_paying_before_the_answer_waits_for_it() -> None:
    _, out = tell(reported("created", 1), reported("paid", 2), reserved())
    assert (names(out[1]), names(out[2])) == (["ReservationConfirmed"], ["OrderAccepted"])


def test_an_order_on_hold_is_held_until_it_is_paid() -> None:
    row, out = tell(reported("held", 1), reserved(), reported("paid", 2))
    assert (out[1], row.decision) == ([], "accepted")


def test_that_it_was_paid_is_news_even_from_an_older_report() -> None:
    straight, _ = tell(reported("paid", 1), reserved(), reported("held", 2))
    crossed, out = tell(reported("held", 2), reserved(), reported("paid", 1))
    assert names(out[2]) == ["ReservationConfirmed", "OrderAccepted"]
    assert crossed == straight


def test_an_unpaid_hold_that_ran_out_cancels_the_order() -> None:
    row, out = tell(reported("created", 1), reserved(), released("expired"))
    assert names(out[2]) == ["OrderCancelled"]
    assert (out[2][0].value["cause"], out[2][0].value["was_accepted"], row.decision) == ("unpaid", False, "cancelled")


def test_paying_after_that_takes_the_lines_again() -> None:
    row, out = tell(reported("created", 1), reserved(), released("expired"), reported("paid", 2), reserved())
    assert (names(out[3]), names(out[4])) == (["ReservationConfirmed"], ["OrderAccepted"])
    assert row.decision == "accepted"


def test_paying_too_late_for_what_is_left_rejects() -> None:
    row, out = tell(reported("created", 1), reserved(), released("expired"), reported("paid", 2), oversold(1))
    assert names(out[4]) == ["ReservationCancelled", "OrderRejected"]
    assert states(row) == {SKU: "released"}


def test_paying_late_with_another_quantity_asks_for_that_quantity() -> None:
    _, out = tell(reported("created", 1), reserved(), released("expired"), reported("paid", 2, {SKU: 3}))
    assert [(o.record, o.value["quantity"], o.value["is_firm"]) for o in out[3]] == [("ReservationRequested", 3, True)]


def test_a_payment_that_crosses_the_expiry_keeps_the_order() -> None:
    row, out = tell(reported("created", 1), reported("paid", 2), released("expired"), reserved())
    assert (out[2], names(out[3]), row.decision) == ([], ["OrderAccepted"], "accepted")


@pytest.mark.parametrize("status", sorted(GONE))
@pytest.mark.parametrize(
    ("before", "was_accepted"),
    [
        ([reported("created", 1)], False),
        ([reported("created", 1), reserved()], False),
        ([reported("paid", 1), reserved()], True),
        ([reported("paid", 1, BOTH), reserved()], False),
    ],
    ids=["asked", "held", "accepted", "half held"],
)
def test_the_buyer_may_leave_at_any_point(status: str, before: list[Any], was_accepted: bool) -> None:
    row, out = tell(*before, reported(status, 9))
    assert names(out[-1]) == ["ReservationCancelled"] * len(row.lines) + ["OrderCancelled"]
    assert out[-1][-1].value["was_accepted"] == was_accepted
    assert set(states(row).values()) == {"released"}


def test_a_cancel_before_the_order_is_known_asks_for_nothing_ever() -> None:
    row, out = tell(reported("cancelled_paid", 2), reported("paid", 1), reported("created", 0))
    assert [names(o) for o in out] == [["OrderCancelled"], [], []]
    assert states(row) == {SKU: "released"}


def test_an_answer_that_comes_after_the_cancel_changes_nothing() -> None:
    row, out = tell(reported("paid", 1), reported("cancelled_paid", 2), reserved(), released("cancelled"))
    assert (out[2:], row.decision) == ([[], []], "cancelled")


def test_a_cancel_by_the_shop_after_the_hold_ran_out_is_final() -> None:
    row, out = tell(
        reported("created", 1), reserved(), released("expired"), reported("cancelled_unpaid", 2), reported("paid", 3)
    )
    assert [names(o) for o in out[2:]] == [["OrderCancelled"], ["ReservationCancelled"], []]
    assert states(row) == {SKU: "released"}


def test_a_cancel_while_a_payment_is_on_its_way_to_an_expired_line_releases_it() -> None:
    row, out = tell(reported("created", 1), reported("paid", 2), released("expired"), reported("cancelled_paid", 3))
    assert names(out[3]) == ["ReservationCancelled", "OrderCancelled"]
    assert states(row) == {SKU: "released"}


def test_an_oversold_line_rejects_the_order_and_frees_the_others() -> None:
    row, out = tell(reported("paid", 1, BOTH), reserved(), oversold(1, 1, OTHER))
    assert names(out[2]) == ["ReservationCancelled"] * 2 + ["OrderRejected"]
    assert {o.value["reason"] for o in out[2][:2]} == {"oversold"}
    assert out[2][2].value["reasons"] == ["SKU-2: 1 short"]
    assert len(out[2][2].value["lines"]) == 2
    assert (row.decision, set(states(row).values())) == ("rejected", {"released"})


def test_the_shops_own_cancel_of_a_rejected_order_is_no_second_end() -> None:
    row, out = tell(reported("paid", 1), oversold(1), reported("cancelled_paid", 2))
    assert (out[2], row.decision) == ([], "rejected")


def test_backorder_accepts_what_is_short_and_says_so() -> None:
    row, out = tell(reported("paid", 1, BOTH), reserved(), oversold(1, 1, OTHER), policy=BACKORDER)
    assert names(out[2]) == ["OrderAccepted"]
    assert out[2][0].value["reasons"] == ["SKU-2: 1 on backorder"]
    assert states(row)[OTHER] == "oversold"


def test_another_quantity_is_asked_for() -> None:
    _, out = tell(reported("created", 1), reserved(), reported("created", 2, {SKU: 5}))
    assert [(o.value["quantity"], o.value["revision"]) for o in out[2]] == [(5, 2)]


def test_an_answer_to_an_earlier_quantity_is_no_answer_to_the_last() -> None:
    row, out = tell(reported("paid", 1), reported("paid", 2, {SKU: 5}), reserved(2))
    assert (out[2], states(row)) == ([], {SKU: "requested"})


def test_a_line_that_was_removed_is_let_go_and_the_rest_accepted() -> None:
    row, out = tell(reported("paid", 1, BOTH), reserved(), reported("paid", 2, {SKU: 2}))
    assert [(o.record, o.value.get("quantity")) for o in out[2]] == [
        ("ReservationRequested", 0),
        ("OrderAccepted", None),
    ]
    assert [line["sku"] for line in out[2][1].value["lines"]] == [SKU]
    assert states(row) == {SKU: "reserved", OTHER: "released"}


def test_a_line_that_comes_back_is_asked_for_again() -> None:
    row, out = tell(reported("created", 1, BOTH), reported("created", 2, {SKU: 2}), reported("created", 3, BOTH))
    assert [(o.value["sku"], o.value["quantity"]) for o in out[2]] == [(OTHER, 1)]
    assert states(row)[OTHER] == "requested"


def test_a_line_of_no_units_is_no_line() -> None:
    row, out = tell(reported("created", 1, {SKU: 2, OTHER: 0}))
    assert (len(out[0]), states(row)) == (1, {SKU: "requested"})


def test_another_article_on_the_same_line_swaps_them() -> None:
    swapped = [{"line_id": "1", "sku": "SKU-9", "quantity": 2}]
    row, out = tell(reported("created", 1), reserved(), {**reported("created", 2), "lines": swapped})
    assert [(o.value["sku"], o.value["quantity"]) for o in out[2]] == [(SKU, 0), ("SKU-9", 2)]
    assert states(row) == {SKU: "released", "SKU-9": "requested"}


def test_what_is_shipped_in_parts_is_complete_with_the_last_of_them() -> None:
    row, out = tell(
        reported("paid", 1, BOTH), reserved(), reserved(1, OTHER), shipped(1), shipped(1, OTHER), shipped(2)
    )
    assert [names(o) for o in out[3:]] == [[], [], ["OrderCompleted"]]
    assert (row.decision, set(states(row).values())) == ("completed", {"fulfilled"})


def test_taking_back_what_has_not_been_shipped_yet_completes_the_order() -> None:
    row, out = tell(reported("paid", 1), reserved(), shipped(1), reported("partially_shipped", 2, {SKU: 1}))
    assert names(out[3]) == ["ReservationRequested", "OrderCompleted"]
    assert states(row) == {SKU: "fulfilled"}


def test_a_cancel_of_the_rest_keeps_what_was_shipped() -> None:
    row, out = tell(reported("paid", 1, BOTH), reserved(), reserved(1, OTHER), shipped(2), reported("refunded", 2))
    assert names(out[4]) == ["ReservationCancelled", "OrderCancelled"]
    assert states(row) == {SKU: "fulfilled", OTHER: "released"}


def test_a_refund_after_everything_was_shipped_is_no_cancellation() -> None:
    row, out = tell(reported("paid", 1), reserved(), shipped(2), reported("refunded", 2))
    assert (out[3], row.decision) == ([], "completed")


@pytest.mark.parametrize("status", ["return_in_transit", "returned"])
def test_a_return_is_the_erps_matter(status: str) -> None:
    row, out = tell(reported("paid", 1), reserved(), shipped(2), reported(status, 2))
    assert (out[3], row.decision) == ([], "completed")


def test_an_older_report_changes_nothing() -> None:
    row, out = tell(reported("paid", 5), reserved(), reported("created", 4, {SKU: 9}), reported("cancelled_paid", 3))
    assert (out[2:], row.decision) == ([[], []], "accepted")


def test_the_same_report_twice_changes_nothing() -> None:
    report = reported("paid", 1)
    once, _ = tell(report)
    twice, out = tell(report, {**report, "event_id": "another delivery"})
    assert (out[1], twice) == ([], once)


def test_an_answer_about_an_order_nobody_reported_changes_nothing() -> None:
    assert tell(reserved(), released("cancelled")) == (NEW_ORDER, [[], []])


@pytest.mark.parametrize("status", sorted(FIRM))
def test_what_is_paid_never_expires(status: str) -> None:
    _, out = tell(reported(status, 1))
    assert (out[0][0].value["is_firm"], out[0][0].value["expires_at"]) == (True, None)


def test_ids_derive_from_their_cause() -> None:
    report = reported("paid", 1, BOTH)
    (_, one), (_, two) = tell(report), tell(report)
    assert one == two
    ids = [o.value["event_id"] for o in one[0]]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    "facts",
    [
        [reported("created", 1, BOTH), reported("paid", 2, {OTHER: 3}), reported("refunded", 3)],
        [reported("paid", 1), oversold(1)],
        [reported("paid", 1), reserved(), shipped(2)],
        [reported("created", 1), released("expired")],
    ],
    ids=["edited and cancelled", "rejected", "completed", "expired"],
)
def test_whatever_goes_out_keeps_its_contract(facts: list[Any]) -> None:
    from schemas import events

    for outputs in tell(*facts)[1]:
        for name, value in outputs:
            assert getattr(events, name)(**value).model_dump() == value


def test_an_expiry_that_crosses_the_payment_leaves_the_line_asked_for() -> None:
    row, _ = tell(reported("created", 1), reported("paid", 2), released("expired"))
    assert (states(row), row.decision) == ({SKU: "requested"}, "")
