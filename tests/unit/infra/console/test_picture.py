"""Records folded into the store answer the pages' questions."""

from typing import Any

import pytest

from infra.console.fold import Batch, fold, gone
from infra.console.orders import Orders
from infra.console.stock import Search, Stock, search_of
from infra.console.store import Store
from tests.builders import record

AT = 1_700_000_000_000


def level(sku: str, on_hand: int = 60, reserved: int = 10, safety: int = 3, version: int = 1, **more: Any) -> Any:
    channel = {"available": max(0, on_hand - reserved - safety), "reserved": reserved, "sold": reserved}
    given = {"is_known": True, "cause": "reserved", "cause_id": "c", "as_of": AT, **more}
    return record(
        "StockLevel", sku=sku, version=version, on_hand=on_hand, reserved=reserved, safety_stock=safety,
        available=on_hand - reserved - safety, locations={"A": on_hand}, channels={"shopify:north": channel}, **given,
    )  # fmt: skip


def seen(sku: str, quantity: int, at: int = AT) -> Any:
    return record(
        "ListingObserved", sku=sku, channel="shopify:north", platform="shopify", quantity=quantity, source="poll",
        sample_id="", observed_at=at,
    )  # fmt: skip


def ordered(version: int, status: str) -> Any:
    return record(
        "OrderChanged", order_key="shopify:north:1", platform="shopify", shop="north", channel="shopify:north",
        status=status, lines=[{"line_id": "1", "sku": "A", "quantity": 2}], source_version=version, reason="",
        found_by="webhook", placed_at=AT, occurred_at=AT, received_at=AT,
    )  # fmt: skip


def decided(name: str, at: int, **more: Any) -> Any:
    return record(
        name, order_key="shopify:north:1", channel="shopify:north", reasons=[], placed_at=AT, occurred_at=at,
        cause_id="c", **more,
    )  # fmt: skip


@pytest.fixture
def store() -> Store:
    return Store()


def take(store: Store, *records: Any) -> None:
    batch = Batch()
    for name, value in records:
        fold(batch, name, value)
    store.write(batch.statements, batch.skus, batch.orders)


def test_why_is_it_47(store: Store) -> None:
    take(store, level("A"))
    row = Stock(store).sku("A")
    assert row is not None
    assert row["available"] == row["on_hand"] - row["reserved"] - row["safety"] == 47
    assert row["locations"] == [{"location": "A", "on_hand": 60}]


def test_a_shop_that_shows_other_than_it_may_is_found_and_forgotten_when_it_is_right_again(store: Store) -> None:
    take(store, level("A"), level("B"), seen("A", 50), seen("B", 47))
    assert [row["sku"] for row in Stock(store).page(Search(show="drift"))] == ["A"]
    take(store, seen("A", 47, AT + 1))
    assert Stock(store).page(Search(show="drift")) == []


def test_an_older_sight_of_a_listing_does_not_replace_a_newer_one(store: Store) -> None:
    take(store, level("A"), seen("A", 47, AT + 5), seen("A", 12, AT))
    row = Stock(store).sku("A")
    assert row is not None
    assert row["channels"][0]["shown"] == 47


def test_oversold_sold_out_and_unknown_skus_are_counted(store: Store) -> None:
    take(store, level("A", on_hand=5, reserved=6, safety=0), level("B", on_hand=3, reserved=3, safety=0))
    take(store, level("C", is_known=False))
    counts = Stock(store).counts()
    wanted = {"all": 3, "out": 2, "oversold": 1, "unknown": 1, "short_units": 1}
    assert {name: counts[name] for name in wanted} == wanted


def test_a_tombstone_takes_the_sku_away(store: Store) -> None:
    take(store, level("A"), seen("A", 1))
    batch = Batch()
    gone(batch, "A")
    store.write(batch.statements, batch.skus, batch.orders)
    assert Stock(store).sku("A") is None


def test_a_page_is_found_by_part_of_the_sku_sorted_and_cut(store: Store) -> None:
    take(store, *(level(f"SKU-{n:03}", on_hand=n) for n in range(120)))
    stock = Stock(store)
    assert len(stock.page(Search())) == 50
    assert [row["on_hand"] for row in stock.page(Search(sort="on_hand", down=True))][:2] == [119, 118]
    assert [row["sku"] for row in stock.page(Search(q="u-11", page=1))] == [f"SKU-{n}" for n in range(110, 120)]
    assert stock.matching(Search(q="%")) == 0, "no wildcards"


def test_an_edited_url_still_shows_a_page() -> None:
    search = search_of(q=" x ", show="nonsense", sort="1; DROP TABLE stock", page=-4)
    assert search == Search(q="x")
    assert search_of(show="drift", page=3).url(page=4) == "/stock?show=drift&page=4"
    assert search_of(show="drift", page=3).url(sort="available", down=True) == "/stock?show=drift&sort=available&down=1"


def test_an_order_keeps_its_newest_version_and_its_first_decision_time(store: Store) -> None:
    take(store, ordered(2, "paid"), ordered(1, "created"))
    take(store, decided("OrderAccepted", AT + 100, lines=[]))
    take(store, decided("OrderCancelled", AT + 900, cause="buyer", was_accepted=True))
    order = Orders(store).order("shopify:north:1")
    assert order is not None
    found = (order["status"], order["decision"], order["reasons"], order["decided_ms"], order["units"])
    assert found == ("paid", "cancelled", "buyer", 100, 2)
    assert Orders(store).causes() == [{"decision": "cancelled", "cause": "buyer", "orders": 1}]


def test_a_decision_may_come_before_the_order(store: Store) -> None:
    take(store, decided("OrderRejected", AT, lines=[]), ordered(1, "paid"))
    order = Orders(store).order("shopify:north:1")
    assert order is not None
    assert (order["decision"], order["status"]) == ("rejected", "paid")
