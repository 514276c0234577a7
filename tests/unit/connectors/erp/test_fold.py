"""Tryton's changes as stock commands."""

from typing import Any

import pytest

from connectors.erp.contract import BadChange
from schemas import events
from tests.erp_feed import Feed, a_move, a_shop_with_one_product, expected, recorded

BIN, OTHER_BIN, LOST, SUPPLIER, CUSTOMER = 9, 10, 4, 6, 7


@pytest.fixture
def feed() -> Feed:
    made = Feed()
    a_shop_with_one_product(made)
    return made


def our_order(feed: Feed, line: int = 1) -> dict[str, Any]:
    feed.change("sale_sale", {"id": 1, "external_id": "shopify:north:1"}, "c")
    feed.change("sale_line", {"id": line, "sale": 1, "external_id": "L1", "external_sku": "TEA"}, "c")
    return {"origin": f"sale.line,{line}"}


def told(feed: Feed) -> list[tuple[str, Any]]:
    return [(command.record, command.body.get("on_hand")) for command in feed.commands]


def test_the_recorded_changes_give_the_stock_that_the_erp_itself_reports() -> None:
    feed = Feed()
    feed.play(recorded())
    theirs = {(row["sku"], row["location"]): row["on_hand"] for row in expected()["stock"]}
    assert feed.world.stock == theirs


def test_the_recorded_changes_close_each_line_of_ours_with_what_was_shipped() -> None:
    feed = Feed()
    feed.play(recorded())
    shipped = {(key, line): units for (key, line, _), units in feed.world.shipped.items()}
    theirs = {(key, line): units for key, lines in expected()["shipped"].items() for line, units in lines.items()}
    # a shipment that was cancelled after it had left: the stock came back, the line stays shipped
    assert shipped.pop(("woo:east:8", "L0")) == 5
    assert shipped == {line: units for line, units in theirs.items() if units}


def test_every_command_of_the_recorded_changes_keeps_its_contract() -> None:
    feed = Feed()
    seen = set()
    for change in recorded():
        feed.play([change])
        for command in feed.commands:
            getattr(events, command.record).model_validate(command.body)
            seen.add(command.record)
    assert seen == {"StockCounted", "StockMoved", "DemandCounted", "ReservationFulfilled", "ClockTicked", "AlertRaised"}


def test_goods_received_are_a_move_with_what_is_there_after_it(feed: Feed) -> None:
    feed.change("stock_move", a_move(1, SUPPLIER, BIN, 5.0))
    body = feed.commands[0].body
    assert (body["quantity"], body["on_hand"], body["reason"], body["location"]) == (5, 5, "received", "A1")
    assert body["position"] == feed.offset


def test_a_move_between_bins_is_told_at_both(feed: Feed) -> None:
    feed.change("stock_move", a_move(1, SUPPLIER, BIN, 5.0))
    feed.change("stock_move", a_move(2, BIN, OTHER_BIN, 2.0))
    assert feed.world.stock == {("TEA", "A1"): 3, ("TEA", "A2"): 2}


def test_our_shipment_lowers_stock_and_closes_the_line_in_one_command(feed: Feed) -> None:
    ours = our_order(feed)
    feed.change("stock_move", a_move(1, SUPPLIER, BIN, 5.0))
    feed.change("stock_move", a_move(2, BIN, CUSTOMER, 2.0, "assigned", **ours))
    assert feed.commands == []
    feed.change("stock_move", a_move(2, BIN, CUSTOMER, 2.0, "done", **ours))
    assert told(feed) == [("ReservationFulfilled", 3)]
    assert feed.commands[0].body["quantity"] == 2


def test_the_second_part_of_a_split_shipment_tells_the_sum(feed: Feed) -> None:
    ours = our_order(feed)
    feed.change("stock_move", a_move(1, SUPPLIER, BIN, 5.0))
    feed.change("stock_move", a_move(2, BIN, CUSTOMER, 2.0, **ours))
    feed.change("stock_move", a_move(3, BIN, CUSTOMER, 1.0, **ours))
    assert feed.commands[0].body["quantity"] == 3


def test_promises_to_others_are_demand_until_the_goods_leave(feed: Feed) -> None:
    feed.change("stock_move", a_move(1, SUPPLIER, BIN, 5.0))
    feed.change("stock_move", a_move(2, BIN, CUSTOMER, 2.0, "draft"))
    assert feed.world.promised == {"TEA": 2}
    feed.change("stock_move", a_move(2, BIN, CUSTOMER, 2.0, "done"))
    assert feed.world.promised == {}
    assert feed.world.stock == {("TEA", "A1"): 3}


def test_a_done_move_that_is_cancelled_brings_the_stock_back(feed: Feed) -> None:
    feed.change("stock_move", a_move(1, SUPPLIER, BIN, 5.0))
    feed.change("stock_move", a_move(1, SUPPLIER, BIN, 5.0, "cancelled"))
    assert feed.commands[0].body["reason"] == "corrected"
    assert feed.world.stock == {}


def test_a_deleted_draft_is_no_demand_any_more(feed: Feed) -> None:
    feed.change("stock_move", a_move(1, BIN, CUSTOMER, 2.0, "draft"))
    feed.change("stock_move", {"id": 1}, "d")
    assert feed.world.promised == {}


def test_a_product_without_a_code_is_kept_alarmed_and_counted_when_the_code_comes() -> None:
    feed = Feed()
    a_shop_with_one_product(feed, code=None)
    feed.change("stock_move", a_move(1, SUPPLIER, BIN, 5.0))
    assert feed.world.stock == {}
    assert list(feed.world.alerts.values()) == ["open"]
    feed.change("product_product", {"id": 1, "template": 1, "code": "TEA", "active": True})
    assert feed.world.stock == {("TEA", "A1"): 5}
    assert list(feed.world.alerts.values()) == ["closed"]


def test_a_renamed_sku_takes_its_stock_along(feed: Feed) -> None:
    feed.change("stock_move", a_move(1, SUPPLIER, BIN, 5.0))
    feed.change("product_product", {"id": 1, "template": 1, "code": "GREEN-TEA", "active": True})
    assert feed.world.stock == {("GREEN-TEA", "A1"): 5}
    assert feed.world.on_hand["TEA", "A1"][1] == 0


def test_an_order_sold_under_the_old_name_is_closed_under_it(feed: Feed) -> None:
    ours = our_order(feed)
    feed.change("stock_move", a_move(1, SUPPLIER, BIN, 5.0))
    feed.change("product_product", {"id": 1, "template": 1, "code": "GREEN-TEA", "active": True})
    feed.change("stock_move", a_move(2, BIN, CUSTOMER, 2.0, **ours))
    assert feed.world.shipped == {("shopify:north:1", "L1", "TEA"): 2}
    assert feed.world.stock == {("GREEN-TEA", "A1"): 3}


def test_a_product_put_out_of_use_has_nothing_to_sell(feed: Feed) -> None:
    feed.change("stock_move", a_move(1, SUPPLIER, BIN, 5.0))
    feed.change("product_template", {"id": 1, "active": False, "default_uom": 1, "sale_uom": 1})
    assert feed.world.stock == {}
    feed.change("product_template", {"id": 1, "active": True, "default_uom": 1, "sale_uom": 1})
    assert feed.world.stock == {("TEA", "A1"): 5}


def test_a_new_sku_without_stock_is_told_with_nothing(feed: Feed) -> None:
    assert feed.world.on_hand["TEA", "STO"][1] == 0


def test_quantities_are_told_in_the_sales_unit(feed: Feed) -> None:
    feed.change("product_uom", {"id": 2, "factor": 0.25, "rate": 4.0}, "c")
    feed.change("product_template", {"id": 1, "active": True, "default_uom": 1, "sale_uom": 2})
    feed.change("stock_move", a_move(1, SUPPLIER, BIN, 1.5))
    assert feed.world.stock == {("TEA", "A1"): 6}


def test_a_fraction_of_a_sales_unit_is_refused_naming_the_column(feed: Feed) -> None:
    with pytest.raises(BadChange, match=r"stock_move 1: column internal_quantity: 1\.5"):
        feed.change("stock_move", a_move(1, SUPPLIER, BIN, 1.5))


def test_goods_outside_of_the_storage_zone_do_not_count(feed: Feed) -> None:
    outside = {"id": 20, "type": "storage", "code": "OUT", "parent": 5, "storage_location": None}
    feed.change("stock_location", outside, "c")
    feed.change("stock_move", a_move(1, SUPPLIER, 20, 5.0))
    assert feed.world.stock == {}
    feed.change("stock_location", {**outside, "parent": 3})
    assert feed.world.stock == {("TEA", "OUT"): 5}


def test_a_bin_with_a_new_code_is_told_under_it(feed: Feed) -> None:
    feed.change("stock_move", a_move(1, SUPPLIER, BIN, 5.0))
    feed.change("stock_location", {"id": 9, "type": "storage", "code": "A1-NEW", "parent": 3, "storage_location": None})
    assert feed.world.stock == {("TEA", "A1-NEW"): 5}


def test_a_snapshot_is_told_once_per_place_when_it_is_over() -> None:
    feed = Feed()
    a_shop_with_one_product(feed)
    for number in range(1, 4):
        assert feed.change("stock_move", a_move(number, SUPPLIER, BIN, 5.0), "r", "true") == []
    feed.change("stock_move", a_move(4, SUPPLIER, BIN, 5.0), "r", "last")
    assert told(feed) == [("StockCounted", 20)]


def test_a_second_snapshot_of_the_same_rows_tells_nothing(feed: Feed) -> None:
    feed.change("stock_move", a_move(1, SUPPLIER, BIN, 5.0))
    feed.change("stock_move", a_move(1, SUPPLIER, BIN, 5.0), "r", "first")
    feed.change("product_product", {"id": 1, "template": 1, "code": "TEA", "active": True}, "r", "last")
    assert feed.commands == []


def test_a_heartbeat_is_a_tick(feed: Feed) -> None:
    feed.change("skustream_heartbeat", {"id": 1, "beat_at": "2026-01-01T00:00:00Z"})
    assert [command.record for command in feed.commands] == ["ClockTicked"]
