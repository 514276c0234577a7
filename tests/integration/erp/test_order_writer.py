"""Decisions on a real Kafka end as orders in a real Tryton, each once."""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from connectors.erp.tryton.client import ErpRefused, Tryton
from connectors.erp.writer import OrderWriter
from infra.local.stack import Stack
from schemas.codec import Codec
from schemas.registry import Registry
from schemas.topics import DELIVERIES, ORDER_DECISIONS, dead_letters

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("order-writer")]
PATIENCE_S = 90.0


class Shop:
    """Sends decisions and reads what the writer made of them."""

    def __init__(self, stack: Stack) -> None:
        self.brokers = stack.env["SKUSTREAM_BROKERS"]
        self.codec = Codec(Registry(stack.env["SKUSTREAM_REGISTRY"]))
        self.url = stack.env["SKUSTREAM_TRYTON"]
        self.erp = Tryton(self.url)
        self.producer = Producer({"bootstrap.servers": self.brokers})
        self.run = uuid.uuid4().hex[:8]
        self.sku = f"TEA-{self.run}"
        self.erp.add_goods([{"sku": self.sku, "name": "Tea", "price": "4.00", "stock": {"A1": 100}}])

    def key(self, number: int) -> str:
        return f"shopify:north:{self.run}-{number}"

    def accept(self, number: int, sku: str | None = None) -> None:
        line = {"line_id": "1", "sku": sku or self.sku, "quantity": 1}
        self.decide("OrderAccepted", number, {"lines": [line]})

    def cancel(self, number: int) -> None:
        self.decide("OrderCancelled", number, {"cause": "buyer", "was_accepted": True})

    def decide(self, record: str, number: int, more: dict[str, Any]) -> None:
        key, now = self.key(number), time.time_ns() // 1_000_000
        body = {"event_id": str(uuid.uuid4()), "order_key": key, "channel": "shopify:north", "reasons": []}
        value = self.codec.encode(record, {**body, "placed_at": now, "occurred_at": now, "cause_id": "test", **more})
        self.producer.produce(ORDER_DECISIONS.name, value, key)

    def read(self, topic: str, count: int) -> list[Any]:
        """Messages of this run, until there are so many."""
        consumer = Consumer({"bootstrap.servers": self.brokers, "group.id": "test", "enable.auto.commit": False})
        found: list[Any] = []
        try:
            consumer.assign([TopicPartition(topic, number, 0) for number in range(4)])
            deadline = time.monotonic() + PATIENCE_S
            while len(found) < count and time.monotonic() < deadline:
                message = consumer.poll(0.2)
                if message is not None and self.run.encode() in (message.key() or b""):
                    found.append(message)
        finally:
            consumer.close()
        assert len(found) == count, f"{len(found)} of {count} on {topic}"
        return found

    def deliveries(self, count: int) -> list[tuple[str, str]]:
        records = [self.codec.decode(message.value())[1] for message in self.read(DELIVERIES.name, count)]
        return [(record["order_key"], record["action"]) for record in records]

    @contextmanager
    def writer(self) -> Iterator[None]:
        stop = threading.Event()
        failures: list[BaseException] = []

        def work() -> None:
            try:
                with Tryton(self.url) as erp:
                    OrderWriter(self.brokers, self.codec, erp, stop.is_set).run()
            except BaseException as error:  # noqa: BLE001  told to the test below
                failures.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(30)
        assert not failures, failures


@pytest.fixture
def shop(stack: Stack) -> Iterator[Shop]:
    stack.require("tryton", "topics", "schemas")
    made = Shop(stack)
    yield made
    made.erp.close()


def test_accepted_orders_are_in_the_erp_once_and_cancelled_ones_are_cancelled(shop: Shop) -> None:
    for number in range(12):
        shop.accept(number)
    shop.cancel(3)
    shop.accept(5)
    shop.producer.flush()
    with shop.writer():
        told = shop.deliveries(14)
    keys = [shop.key(number) for number in range(12)]
    states = shop.erp.order_states(keys)
    assert set(states) == set(keys)
    assert [key for key, state in states.items() if state["shipment_state"] == "none"] == [shop.key(3)]
    assert told.count((shop.key(3), "cancelled")) == 1
    assert shop.erp.call("model.sale.sale.search_count", [["external_id", "in", keys]]) == 12


def test_an_order_that_the_erp_refuses_is_a_dead_letter_with_the_erps_words(shop: Shop) -> None:
    shop.accept(1)
    shop.accept(2, sku=f"UNKNOWN-{shop.run}")
    shop.producer.flush()
    with shop.writer():
        assert shop.deliveries(1) == [(shop.key(1), "created")]
        letter = shop.read(dead_letters(ORDER_DECISIONS).name, 1)[0]
    headers = {name: value.decode() for name, value in letter.headers()}
    assert headers["x-error-message"] == f"Unknown SKU: UNKNOWN-{shop.run}"
    assert headers["x-original-topic"] == ORDER_DECISIONS.name
    assert shop.codec.decode(letter.value())[1]["order_key"] == shop.key(2)


def test_orders_wait_for_an_erp_that_is_away(shop: Shop, stack: Stack) -> None:
    stack.stop_part("tryton")
    try:
        for number in range(5):
            shop.accept(number)
        shop.producer.flush()
        with shop.writer():
            stack.start_part("tryton")
            shop.deliveries(5)
    finally:
        stack.start_part("tryton")
    assert len(shop.erp.order_states([shop.key(number) for number in range(5)])) == 5


def test_a_cancellation_before_its_order_keeps_the_order_out(shop: Shop) -> None:
    key = shop.key(1)
    assert shop.erp.cancel_orders([key]) == {key: "noted"}
    order: Any = {"key": key, "lines": [{"line_id": "1", "sku": shop.sku, "quantity": 1}]}
    assert shop.erp.import_orders([order]) == {key: {"outcome": "cancelled"}}
    assert shop.erp.order_states([key]) == {}


def test_stock_follows_receipts_counts_and_shipments(shop: Shop) -> None:
    key = shop.key(1)
    shop.erp.import_orders([{"key": key, "lines": [{"line_id": "1", "sku": shop.sku, "quantity": 3}]}])
    assert shop.erp.ship_all([key]) == {key: "done"}
    assert shop.erp.ship_all([key]) == {key: "done"}
    assert shop.erp.cancel_orders([key]) == {key: "shipped"}
    shop.erp.receive([{"sku": shop.sku, "location": "B1", "quantity": 7}])
    shop.erp.count_stock([{"sku": shop.sku, "location": "A2", "quantity": 2}])
    stock = {row["location"]: row["on_hand"] for row in shop.erp.stock_by_location() if row["sku"] == shop.sku}
    assert stock == {"A1": 97, "A2": 2, "B1": 7}


def test_goods_that_are_missing_leave_the_order_waiting(shop: Shop) -> None:
    key = shop.key(1)
    shop.erp.import_orders([{"key": key, "lines": [{"line_id": "1", "sku": shop.sku, "quantity": 101}]}])
    assert shop.erp.ship_all([key]) == {key: "waiting"}
    assert key in shop.erp.orders_to_ship(10_000)


def test_an_unknown_sku_is_named(shop: Shop) -> None:
    with pytest.raises(ErpRefused, match="Unknown SKU: NO-SUCH"):
        shop.erp.receive([{"sku": "NO-SUCH", "location": "A1", "quantity": 1}])
