"""The console as a process on a real Kafka and registry: data, streams, headers, start and stop."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from infra.local.paths import PROJECT
from infra.local.stack import Stack
from tests.integration.console.conftest import ConsoleProcess, launch, wait_until
from tests.integration.console.feeder import Feeder, now_ms

pytestmark = pytest.mark.stack


@contextmanager
def events(console: ConsoleProcess, path: str, last_id: str = "") -> Iterator[Iterator[dict[str, str]]]:
    """The events of a stream as dicts of their fields."""
    headers = {"last-event-id": last_id} if last_id else {}
    with httpx.stream("GET", console.url + path, headers=headers, timeout=30) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield _parsed(answer)


def _parsed(answer: httpx.Response) -> Iterator[dict[str, str]]:
    event: dict[str, str] = {}
    for line in answer.iter_lines():
        if not line and event:
            yield event
            event = {}
        elif line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            event[name] = event.get(name, "") + value


def test_a_sku_and_its_sum_are_what_the_topic_says(console: ConsoleProcess, fed: Feeder) -> None:
    sku = next(iter(fed.rows))
    wait_until("the SKU is known", lambda: console.get(f"/api/v1/stock/{sku}").status_code == 200)
    row = console.get(f"/api/v1/stock/{sku}").json()
    assert row["on_hand"] == sum(fed.rows[sku]["locations"].values())
    assert row["available"] == row["on_hand"] - row["reserved"] - row["safety"]
    page = console.get(f"/stock/{sku}").text
    assert f"Why is it {row['available']:,}?" in page
    assert "stand-in" in page
    assert "Simulated market" in page


def test_every_sku_of_the_market_is_found_by_search(console: ConsoleProcess, fed: Feeder) -> None:
    wait_until(
        "all SKUs are known", lambda: console.get(f"/api/v1/stock?q={fed.prefix}").json()["found"] == len(fed.rows)
    )
    assert len(console.get(f"/api/v1/stock?q={fed.prefix}").json()["rows"]) == 50


def test_an_order_is_told_from_the_shop_to_the_erp(console: ConsoleProcess, fed: Feeder) -> None:
    key = fed.order(list(fed.rows), fate="completed")
    fed.flush()

    def is_told() -> bool:
        order = console.get(f"/api/v1/orders/{key}").json()
        return order.get("decision") == "completed" and bool(order["erp_reference"]) and order["status"] == "paid"

    wait_until("the order is completed and the ERP has it", is_told)
    names = {event["name"] for event in console.get(f"/api/v1/orders/{key}").json()["events"]}
    assert {"OrderChanged", "OrderAccepted", "OrderDelivered", "OrderCompleted"} <= names
    assert key in console.get(f"/orders?q={key.rsplit(':', 1)[1]}").text


def test_a_stream_brings_what_changed_and_resumes(console: ConsoleProcess, fed: Feeder) -> None:
    sku = list(fed.rows)[1]
    wait_until("the SKU is known", lambda: console.get(f"/api/v1/stock/{sku}").status_code == 200)
    with events(console, f"/stream/sku/{sku}") as stream:
        first = next(event for event in stream if "id" in event)
        fed.rows[sku]["locations"]["Hall B"] = 7777
        fed.level(sku, "counted", now_ms())
        fed.flush()
        second = next(event for event in stream if "id" in event and "7,777" in event["data"])
    with events(console, f"/stream/sku/{sku}", first["id"]) as stream:
        assert "7,777" in next(event for event in stream if "id" in event)["data"]
    with events(console, f"/stream/sku/{sku}", second["id"]) as stream:
        fed.rows[sku]["locations"]["Hall B"] = 8888
        fed.level(sku, "counted", now_ms())
        fed.flush()
        assert "8,888" in next(event for event in stream if "id" in event)["data"]


def test_without_clickhouse_the_page_says_so_and_shows_what_it_has_itself(console: ConsoleProcess, fed: Feeder) -> None:
    sku = next(iter(fed.rows))
    assert "ClickHouse does not answer at 127.0.0.1:" in console.get(f"/stock/{sku}").text
    assert console.get(f"/api/v1/stock/{sku}/why").status_code == 503
    wait_until("the overview says it too", lambda: "No history" in console.get("/").text)


@pytest.mark.parametrize("path", ["/", "/stock", "/orders", "/stock/no%20such", "/nothing", "/static/console.js"])
def test_every_answer_has_the_security_headers(console: ConsoleProcess, path: str) -> None:
    headers = console.get(path).headers
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"


def test_a_foreign_host_name_is_refused(console: ConsoleProcess) -> None:
    assert httpx.get(console.url, headers={"host": "evil.example"}).status_code == 400


def test_what_is_asked_for_is_escaped(console: ConsoleProcess) -> None:
    page = console.get("/stock?q=%3Cscript%3Ealert(1)%3C/script%3E").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_the_api_is_documented(console: ConsoleProcess) -> None:
    paths = console.get("/openapi.json").json()["paths"]
    assert {"/api/v1/overview", "/api/v1/stock", "/api/v1/orders", "/livez", "/readyz"} <= set(paths)


def test_kafka_away_is_said_and_the_process_stops_at_once(stack: Stack, tmp_path: Path) -> None:
    nowhere = {"SKUSTREAM_BROKERS": "127.0.0.1:9", "SKUSTREAM_REGISTRY": stack.env["SKUSTREAM_REGISTRY"]}
    running = launch(tmp_path, nowhere)
    try:
        wait_until("it listens", lambda: not running.is_ready() and b"listening" in running.log.read_bytes())
        wait_until("the page says it", lambda: "This page is cut off" in _text(running, "/"))
        assert running.get("/livez").status_code == 200
        assert running.get("/readyz").status_code == 503
    finally:
        running.process.terminate()
        assert running.process.wait(25) == 0


def test_open_streams_do_not_hold_up_the_stop(stack: Stack, fed: Feeder, tmp_path: Path) -> None:
    given = {name: stack.env[name] for name in ("SKUSTREAM_BROKERS", "SKUSTREAM_REGISTRY")}
    running = launch(tmp_path, given)
    try:
        wait_until("it is ready", running.is_ready)
        _stop_while_watched(running)
    finally:
        running.process.kill()


def _stop_while_watched(running: ConsoleProcess) -> None:
    opened, ended = threading.Event(), threading.Event()

    def watch() -> None:
        with events(running, "/stream/overview") as stream:
            for _ in stream:
                opened.set()
        ended.set()

    viewer = threading.Thread(target=watch, daemon=True)
    viewer.start()
    assert opened.wait(20)
    assert running.stop() == 0
    assert ended.wait(20), "the viewer was told the end"
    viewer.join(5)


def test_a_missing_variable_is_named(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "infra.console"], cwd=tmp_path, env={"PYTHONPATH": str(PROJECT)}, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 2
    assert "SKUSTREAM_BROKERS" in ended.stderr


def _text(running: ConsoleProcess, path: str) -> str:
    try:
        return running.get(path).text
    except httpx.TransportError:
        return ""
