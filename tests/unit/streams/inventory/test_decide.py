"""What the stock core decides, by example."""

from typing import Any, cast

import pytest

from streams.inventory.decide import DECIDERS, unpark
from streams.inventory.evolve import evolve_reservation, evolve_row
from streams.inventory.outputs import level, reservation_event
from streams.inventory.rows import EMPTY_ROW, NEW_RESERVATION, Reservation, StockRow
from tests.builders import cancelled, confirmed, counted, demanded, expired, fulfilled, moved, requested

Told = tuple[str, dict[str, Any]]


def tell(*commands: "Told") -> tuple[StockRow, Reservation, list[Any]]:
    """Apply commands of one SKU and one order line; the row, the line, and what went out."""
    row, line = EMPTY_ROW, NEW_RESERVATION
    out: list[Any] = []
    for name, command in commands:
        movement = DECIDERS[name](row, line, command)
        if movement is None:
            out.append(None)
            continue
        row = evolve_row(row, movement)
        if movement["order_key"]:
            line = evolve_reservation(line, movement)
            out.append(reservation_event(movement, line))
        else:
            out.append(None)
    return row, line, out


def names(out: list[Any]) -> list[str | None]:
    return [event[0] if event else None for event in out]


def test_a_count_sets_what_is_at_a_location() -> None:
    row, _, _ = tell(counted(on_hand=5, position=1), counted(on_hand=7, position=2, location="B"))
    assert (row.on_hand, row.available, row.version, row.is_known) == (12, 12, 2, True)


def test_an_older_fact_of_the_erp_changes_nothing() -> None:
    row, _, _ = tell(counted(on_hand=5, position=9), counted(on_hand=50, position=8), moved(on_hand=4, position=9))
    assert (row.on_hand, row.version) == (5, 1)


def test_a_sale_holds_units_and_they_are_not_available() -> None:
    row, line, out = tell(counted(on_hand=5, position=1), requested(quantity=2))
    assert (row.on_hand, row.reserved, row.available) == (5, 2, 3)
    assert line.is_open
    assert names(out) == [None, "StockReserved"]


def test_a_sale_beyond_the_stock_is_an_oversell_and_held_all_the_same() -> None:
    row, line, out = tell(counted(on_hand=1, position=1), requested(quantity=3))
    assert row.available == -2
    assert names(out)[1] == "StockOversold"
    assert line.short == 2


def test_the_same_request_twice_is_one_request() -> None:
    row, _, out = tell(counted(on_hand=5, position=1), requested(quantity=2), requested(quantity=2))
    assert (row.reserved, out[2]) == (2, None)


def test_a_newer_request_changes_the_quantity() -> None:
    row, line, out = tell(counted(on_hand=5, position=1), requested(quantity=2), requested(quantity=4, revision=2))
    assert (row.reserved, line.quantity, names(out)[2]) == (4, 4, "StockReserved")


def test_a_cancel_frees_what_is_held() -> None:
    row, line, out = tell(counted(on_hand=5, position=1), requested(quantity=2), cancelled())
    assert (row.reserved, row.available, line.is_open) == (0, 5, False)
    assert out[2][1]["quantity"] == 2


def test_a_cancel_before_its_request_is_remembered() -> None:
    row, line, out = tell(counted(on_hand=5, position=1), cancelled(), requested(quantity=2))
    assert (row.reserved, line.is_open) == (0, False)
    assert names(out) == [None, "ReservationReleased", None]


def test_a_shipment_lowers_stock_and_hold_in_one_step() -> None:
    row, line, out = tell(
        counted(on_hand=5, position=1), requested(quantity=2), fulfilled(quantity=2, on_hand=3, position=2)
    )
    assert (row.on_hand, row.reserved, row.available, line.is_open) == (3, 0, 3, False)
    assert out[2][1]["is_complete"]


def test_a_partial_shipment_keeps_the_rest_held() -> None:
    row, line, out = tell(
        counted(on_hand=5, position=1), requested(quantity=3), fulfilled(quantity=1, on_hand=4, position=2)
    )
    assert (row.on_hand, row.reserved, row.available) == (4, 2, 2)
    assert line.is_open
    assert not out[2][1]["is_complete"]


def test_a_cancel_after_a_partial_shipment_frees_only_the_rest() -> None:
    row, _, _ = tell(
        counted(on_hand=5, position=1),
        requested(quantity=3),
        fulfilled(quantity=1, on_hand=4, position=2),
        cancelled(),
    )
    assert (row.on_hand, row.reserved, row.available, row.channels["shopify:north"].sold) == (4, 0, 4, 1)


def test_a_cancel_after_the_shipment_is_too_late() -> None:
    row, line, _ = tell(
        counted(on_hand=5, position=1), requested(quantity=1), fulfilled(quantity=1, on_hand=4, position=2), cancelled()
    )
    assert (row.on_hand, row.reserved, row.channels["shopify:north"].sold, line.shipped) == (4, 0, 1, 1)


def test_an_unpaid_hold_expires() -> None:
    row, _, out = tell(counted(on_hand=5, position=1), requested(quantity=2, expires_at=9), expired())
    assert (row.reserved, names(out)[2]) == (0, "ReservationReleased")


def test_a_paid_hold_does_not_expire() -> None:
    row, _, out = tell(counted(on_hand=5, position=1), requested(quantity=2, expires_at=9), confirmed(), expired())
    assert (row.reserved, out[3]) == (2, None)


def test_paying_an_expired_hold_takes_it_again_from_what_is_there() -> None:
    row, line, out = tell(
        counted(on_hand=2, position=1),
        requested(quantity=2, expires_at=9),
        expired(),
        counted(on_hand=1, position=2),
        confirmed(),
    )
    assert (row.reserved, row.available, line.short) == (2, -1, 1)
    assert names(out)[4] == "StockOversold"


def test_demand_of_the_erp_counts_as_reserved() -> None:
    row, _, _ = tell(counted(on_hand=5, position=1), demanded(quantity=2, position=1), demanded(quantity=1, position=2))
    assert (row.reserved, row.channels["erp"].reserved, row.available) == (1, 1, 4)


def test_a_sale_of_an_unknown_sku_is_parked_and_decided_when_the_erp_tells_of_it() -> None:
    row, line, out = tell(requested(quantity=2))
    assert (row.is_known, len(row.parked), out[0]) == (False, 1, None)
    name, count = counted(on_hand=1, position=1)
    movement = DECIDERS[name](row, line, count)
    assert movement
    row = evolve_row(row, movement)
    decided = unpark(row, row.parked[0], line, cast("Any", count), line.held)
    row, line = evolve_row(row, decided), evolve_reservation(line, decided)
    assert (decided["kind"], decided["short"], row.parked, row.reserved) == ("oversold", 1, (), 2)


def test_the_level_shows_no_channel_less_than_nothing() -> None:
    row, line, _ = tell(counted(on_hand=1, position=1))
    name, command = requested(quantity=3)
    movement = DECIDERS[name](row, line, command)
    assert movement
    told = level(evolve_row(row, movement), movement)
    assert (told["available"], told["channels"]["shopify:north"]["available"]) == (-2, 0)


@pytest.mark.parametrize("name", sorted(DECIDERS))
def test_every_command_has_a_contract(name: str) -> None:
    from schemas.topics import INVENTORY_COMMANDS

    assert name in {record.__name__ for record in INVENTORY_COMMANDS.records}


def test_a_line_asked_for_with_nothing_is_let_go_and_may_come_back() -> None:
    row, line, out = tell(
        counted(on_hand=5, position=1),
        requested(quantity=2),
        requested(quantity=0, revision=2),
        requested(quantity=3, revision=3),
    )
    assert names(out)[2:] == ["ReservationReleased", "StockReserved"]
    assert (out[2][1]["kind"], out[2][1]["reason"], out[2][1]["quantity"]) == ("adjusted", "edited", 2)
    assert (row.reserved, row.channels["shopify:north"].sold, line.is_open) == (3, 3, True)


def test_a_request_that_finds_its_hold_expired_is_told_so() -> None:
    _, line, out = tell(
        counted(on_hand=5, position=1),
        requested(quantity=2, expires_at=9),
        expired(),
        requested(quantity=3, revision=2, expires_at=99),
    )
    assert (out[3][0], out[3][1]["kind"], line.is_open) == ("ReservationReleased", "expired", False)


def test_fewer_units_of_an_oversold_line_are_still_short_of_what_is_not_there() -> None:
    _, line, out = tell(counted(on_hand=2, position=1), requested(quantity=5), requested(quantity=4, revision=2))
    assert (names(out)[2], line.short) == ("StockOversold", 2)


def test_a_parked_line_that_changes_waits_once() -> None:
    row, _, _ = tell(requested(quantity=2), requested(quantity=3, revision=2))
    assert (len(row.parked), row.reserved) == (1, 3)


def test_paying_an_expired_line_of_an_unknown_sku_parks_it_again() -> None:
    row, line, out = tell(requested(quantity=2, expires_at=9), expired(), confirmed())
    assert (names(out)[2], len(row.parked), line.is_firm, line.revision) == (None, 1, True, 1)
