"""The gateway on a real broker and registry: what comes in, what is refused, and what is recorded of it."""

import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.kafka.topics import apply_topics
from infra.local.stack import Stack
from schemas.topics import ALERTS, ORDERS, RAW
from tests.integration.gateway.running import Gateway, order, records, running, stored, until

pytestmark = pytest.mark.stack
numbers = itertools.count(time.time_ns() // 1000)


@pytest.fixture(scope="module")
def gateway(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    apply_topics(stack.env["SKUSTREAM_BROKERS"])
    with running(tmp_path_factory.mktemp("gateway"), stack.env) as gateway:
        yield gateway


def raw(stack: Stack, delivery: str) -> list[tuple[str, str, str]]:
    return [
        (r["verdict"], r["reason"], r["body"])
        for r in records(stack.env, RAW.name)
        if r["delivery_id"] == delivery
    ]  # fmt: skip


def test_a_signed_order_is_stored_with_its_raw_delivery(gateway: Gateway, stack: Stack) -> None:
    number = next(numbers)
    answer = gateway.post(order(number, 3), x_shopify_webhook_id=f"d{number}")
    assert (answer.status_code, answer.json()) == (200, {"verdict": "accepted"})
    (found,) = [r for r in records(stack.env, ORDERS.name) if r["order_key"] == f"shopify:north:{number}"]
    assert (found["status"], found["lines"], found["found_by"]) == (
        "paid", [{"line_id": str(number * 10), "sku": "TEA", "quantity": 3}], "webhook"
    )  # fmt: skip
    ((verdict, _, body),) = raw(stack, f"d{number}")
    assert verdict == "accepted"
    assert "somebody@example.com" not in body
    assert '"email":"***"' in body


def test_the_stored_order_has_its_key_and_cloudevents_headers(gateway: Gateway, stack: Stack) -> None:
    number = next(numbers)
    gateway.post(order(number))
    key = f"shopify:north:{number}".encode()
    (message,) = [m for m in stored(stack.env, ORDERS.name) if m.key() == key]
    said = dict(message.headers() or [])
    assert said["ce_type"] == b"skustream.OrderChanged"
    assert said["ce_subject"] == key
    assert said["ce_source"] == b"skustream/gateway"


def test_a_wrong_signature_is_401_and_recorded_without_its_body(gateway: Gateway, stack: Stack) -> None:
    number = next(numbers)
    answer = gateway.post(order(number), x_shopify_webhook_id=f"d{number}", x_shopify_hmac_sha256="AAAA")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    ((verdict, reason, body),) = raw(stack, f"d{number}")
    assert (verdict, body) == ("bad_signature", "")
    assert "X-Shopify-Hmac-Sha256" in reason
    assert not [r for r in records(stack.env, ORDERS.name) if r["order_key"].endswith(str(number))]


def test_an_unknown_shop_answers_the_same(gateway: Gateway) -> None:
    bad = gateway.post(order(next(numbers)), x_shopify_hmac_sha256="AAAA")
    unknown = gateway.post_bytes(b"{}", shop="nobody")
    assert (unknown.status_code, unknown.content) == (bad.status_code, bad.content)


def test_malformed_json_is_400_recorded_dead_lettered_and_alarmed(gateway: Gateway, stack: Stack) -> None:
    name = f"d{next(numbers)}"
    answer = gateway.post_bytes(b'{"id": 1,', x_shopify_webhook_id=name)
    assert answer.status_code == 400
    assert raw(stack, name)[0][0] == "malformed"
    (letter,) = [m for m in stored(stack.env, f"{ORDERS.name}.dlq") if m.key() == f"shopify:north:{name}".encode()]
    assert dict(letter.headers() or [])["x-error-stage"] == b"decode"
    assert any(a["kind"] == "webhook_malformed" for a in records(stack.env, ALERTS.name))


def test_a_missing_field_is_422_and_named(gateway: Gateway, stack: Stack) -> None:
    broken = order(next(numbers))
    del broken["line_items"][0]["quantity"]
    name = f"d{next(numbers)}"
    answer = gateway.post(broken, x_shopify_webhook_id=name)
    assert (answer.status_code, answer.json()["field"]) == (422, "line_items.0.quantity")
    assert raw(stack, name)[0][:2] == ("invalid", "line_items.0.quantity: Field required")


def test_an_unknown_status_is_kept_for_later(gateway: Gateway, stack: Stack) -> None:
    name = f"d{next(numbers)}"
    answer = gateway.post({**order(next(numbers)), "financial_status": "bartered"}, x_shopify_webhook_id=name)
    assert answer.status_code == 202
    assert raw(stack, name)[0][0] == "unknown_status"
    (letter,) = [m for m in stored(stack.env, f"{ORDERS.name}.dlq") if m.key() == f"shopify:north:{name}".encode()]
    assert b"bartered" in (letter.value() or b"")


def test_a_body_too_large_is_413_even_without_a_length(gateway: Gateway, stack: Stack) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield b" " * 32_768

    name = f"d{next(numbers)}"
    headers = {"x-shopify-webhook-id": name}
    answer = gateway.http.post(f"{gateway.url}/webhooks/shopify/north", content=endless(), headers=headers)
    assert answer.status_code == 413
    assert raw(stack, name)[0][0] == "too_large"


def test_a_compressed_body_is_refused(gateway: Gateway) -> None:
    assert gateway.post_bytes(b"{}", content_encoding="gzip").status_code == 415


def test_a_duplicate_has_the_same_event_id(gateway: Gateway, stack: Stack) -> None:
    number = next(numbers)
    for _ in range(3):
        assert gateway.post(order(number)).status_code == 200
    found = [r for r in records(stack.env, ORDERS.name) if r["order_key"] == f"shopify:north:{number}"]
    assert len(found) == 3
    assert len({r["event_id"] for r in found}) == 1


def test_the_operators_pages_answer(gateway: Gateway) -> None:
    assert gateway.state()["stores_in"] == "kafka"
    assert 'verdict="accepted"' in gateway.http.get(f"{gateway.url}/metrics").text


def test_an_incomplete_environment_is_said_and_ends_with_2(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "connectors.gateway"], env={}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "SKUSTREAM_BROKERS (host:port of the Kafka broker)" in done.stderr


def test_with_the_registry_away_at_the_first_start_it_says_503_and_why(stack: Stack, tmp_path: Path) -> None:
    gateway = Gateway(tmp_path, {**stack.env, "SKUSTREAM_REGISTRY": "http://127.0.0.1:9"})
    try:
        gateway.start(ready=False)
        answer = gateway.post(order(next(numbers)))
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert gateway.state()["registry"] == "away"
        until(lambda: "the schema registry is away" in gateway.log())
    finally:
        gateway.stop()
        gateway.http.close()
