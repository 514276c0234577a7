"""A shop sells what the ERP does not know: parked and alarmed, and served once the ERP has the product."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.clickhouse.client import Client, connect
from connectors.erp.tryton.client import Tryton
from infra.local.stack import Stack
from tests.contract.platforms.samples import SAMPLES

SKU = "E2E-NEW"
ORDER = 987_654_321


def until(what: Callable[[], Any], seconds: float = 60.0) -> Any:
    """The first true answer; AssertionError when none comes."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
        time.sleep(0.2)
    return found


def sell(env: Mapping[str, str]) -> str:
    """Post a signed Shopify order of the unknown SKU; its order key."""
    shop = next(s for s in json.loads(Path(env["SKUSTREAM_SHOPS"]).read_text()) if s["platform"] == "shopify")
    sample = next(s for s in SAMPLES if s.shop.platform == "shopify")

    def change(body: dict[str, Any]) -> None:
        body.update(id=ORDER, financial_status="paid")
        body["line_items"] = [{**body["line_items"][0], "sku": SKU}]

    body = sample.made(change)
    url = f"http://127.0.0.1:{env['SKUSTREAM_GATEWAY_PORT']}/webhooks/shopify/{shop['shop']}"
    httpx.post(url, content=body, headers=sample.headers(body, shop["secrets"][0])).raise_for_status()
    return f"shopify:{shop['shop']}:{ORDER}"


@pytest.fixture(scope="module")
def order_key(market_stack: Stack) -> str:
    """The order, posted once."""
    return sell(market_stack.env)


@pytest.fixture(scope="module")
def history(market_stack: Stack) -> Client:
    """ClickHouse, read only."""
    return connect(market_stack.env["SKUSTREAM_CLICKHOUSE_READ"])


def states(history: Client) -> list[str]:
    """The alarm's states so far."""
    sql = "SELECT state FROM alerts WHERE kind = 'unmapped_sku' AND subject = {sku:String} ORDER BY _timestamp"
    return [row[0] for row in history.query(sql, parameters={"sku": SKU}).result_rows]


def decision(history: Client, order_key: str) -> str:
    """How the order stands."""
    rows = history.query("SELECT decision FROM orders WHERE order_key = {k:String}", parameters={"k": order_key})
    return str(rows.result_rows[0][0]) if rows.result_rows else ""


def test_it_is_alarmed_and_the_order_waits(history: Client, order_key: str) -> None:
    until(lambda: states(history) == ["open"])
    until(lambda: decision(history, order_key) == "open")
    held = "SELECT sum(reserved_delta) FROM movements WHERE sku = {sku:String} AND kind = 'parked'"
    assert history.query(held, parameters={"sku": SKU}).result_rows[0][0] > 0


def test_it_is_served_when_the_erp_has_the_product(market_stack: Stack, history: Client, order_key: str) -> None:
    with Tryton(market_stack.env["SKUSTREAM_TRYTON"]) as erp:
        erp.add_goods([{"sku": SKU, "name": "New", "price": "1.00", "stock": {"A1": 9}}])
        until(lambda: decision(history, order_key) == "accepted")
        until(lambda: erp.order_states([order_key]))
    until(lambda: states(history) == ["open", "closed"])
