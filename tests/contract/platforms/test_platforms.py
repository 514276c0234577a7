"""The one suite that every platform passes, through the gateway's own judgement."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from connectors.gateway.judge import Incoming, Judgement, judge
from connectors.platforms.contract import Lifecycle, Shop
from connectors.platforms.registry import PLATFORMS
from schemas.events.platform import OrderChanged
from tests.contract.platforms.samples import HUGE, SAMPLES, Body, Sample

LATER = {"shopify": "2026-11-01T10:05:00-05:00", "woocommerce": "2026-11-01T15:05:00"}
RECEIVED = 1_793_545_999_000
samples = pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: s.platform.name)


def told(sample: Sample, body: bytes, secret: str = "first secret", shop: Shop | None = None) -> Judgement:
    of = shop or sample.shop
    incoming = Incoming(of.platform, of.shop, sample.headers(body, secret), body, RECEIVED)
    return judge(incoming, {(of.platform, of.shop): of})


def order_of(judged: Judgement) -> Any:
    assert judged.verdict == "accepted", judged.reason
    assert len(judged.orders) == 1
    # what the codec encodes must be what the contract allows
    OrderChanged.model_validate(judged.orders[0])
    return judged.orders[0]


def at(sample: Sample, change: Callable[[Body, str], None]) -> bytes:
    return sample.made(lambda body: change(body, LATER[sample.platform.name]))


def put(path: str, value: Any) -> Callable[[Body], None]:
    def change(body: Body) -> None:
        *parents, last = path.split(".")
        for name in parents:
            body = body[int(name)] if isinstance(body, list) else body[name]
        body[last] = value

    return change


def test_every_platform_has_a_sample() -> None:
    assert [s.platform for s in SAMPLES] == list(PLATFORMS)


@samples
def test_a_good_signature_is_accepted(sample: Sample) -> None:
    order = order_of(told(sample, sample.made()))
    assert order["status"] == "paid"
    assert [(line["sku"], line["quantity"]) for line in order["lines"]] == [("TEA-GREEN", 2), ("TEA-BLACK", 1)]
    assert order["order_key"] == f"{sample.shop.channel}:{sample.body['id']}"


@samples
@pytest.mark.parametrize(
    "spoil",
    [
        lambda headers: {n: v for n, v in headers.items() if "hmac" not in n and "signature" not in n},
        lambda headers: {n: v[::-1] if "hmac" in n or "signature" in n else v for n, v in headers.items()},
        lambda headers: {n: "é\x00" if "hmac" in n or "signature" in n else v for n, v in headers.items()},
        lambda headers: {n: "" if "hmac" in n or "signature" in n else v for n, v in headers.items()},
    ],
    ids=["missing", "wrong", "not ascii", "empty"],
)
def test_a_bad_signature_is_refused(sample: Sample, spoil: Callable[[dict[str, str]], dict[str, str]]) -> None:
    body = sample.made()
    incoming = Incoming(sample.shop.platform, "north", spoil(sample.headers(body, "first secret")), body, RECEIVED)
    judged = judge(incoming, {(sample.shop.platform, "north"): sample.shop})
    assert (judged.verdict, judged.status, judged.orders) == ("bad_signature", 401, ())


@samples
def test_one_changed_byte_breaks_the_signature(sample: Sample) -> None:
    body = sample.made()
    headers = sample.headers(body, "first secret")
    changed = body.replace(b"TEA-GREEN", b"TEA-GREEM")
    incoming = Incoming(sample.shop.platform, "north", headers, changed, RECEIVED)
    assert judge(incoming, {(sample.shop.platform, "north"): sample.shop}).verdict == "bad_signature"


@samples
def test_during_a_rotation_both_secrets_are_good_and_a_third_is_not(sample: Sample) -> None:
    of = sample.shop
    rotating = Shop(of.platform, of.shop, ("first secret", "second secret"), of.url, of.token)
    verdicts = [
        told(sample, sample.made(), secret, rotating).verdict for secret in ("first secret", "second secret", "x")
    ]
    assert verdicts == ["accepted", "accepted", "bad_signature"]


@samples
def test_an_unknown_shop_answers_like_a_bad_signature(sample: Sample) -> None:
    body = sample.made()
    stranger = judge(Incoming(sample.shop.platform, "nobody", sample.headers(body, "x"), body, RECEIVED), {})
    assert (stranger.verdict, stranger.status) == ("unknown_shop", told(sample, body, "x").status)


@samples
def test_a_replayed_or_duplicated_delivery_gives_the_same_event(sample: Sample) -> None:
    first, second = (order_of(told(sample, sample.made())) for _ in range(2))
    assert first == second


@samples
def test_out_of_order_the_version_decides(sample: Sample) -> None:
    later = order_of(told(sample, at(sample, sample.ship_part)))
    earlier = order_of(told(sample, sample.made()))
    assert later["source_version"] > earlier["source_version"]
    assert later["status"] == sample.after


@samples
def test_a_stale_retry_keeps_its_old_version(sample: Sample) -> None:
    body = sample.made()
    first = order_of(told(sample, body))
    order_of(told(sample, at(sample, sample.cancel)))
    assert order_of(told(sample, body))["source_version"] == first["source_version"]


@samples
def test_a_cancellation_stands_alone_and_wins_within_the_same_second(sample: Sample) -> None:
    created = order_of(told(sample, sample.made()))
    now = sample.body[sample.changed_field]
    cancelled = order_of(told(sample, sample.made(lambda body: sample.cancel(body, now))))
    assert cancelled["status"] == Lifecycle.CANCELLED_PAID
    assert {line["quantity"] for line in cancelled["lines"]} == {0}
    assert [line["line_id"] for line in cancelled["lines"]] == [line["line_id"] for line in created["lines"]]
    assert cancelled["source_version"] > created["source_version"]
    assert cancelled["occurred_at"] == created["occurred_at"]


@samples
def test_a_partial_shipment_does_not_change_what_is_wanted(sample: Sample) -> None:
    order = order_of(told(sample, at(sample, sample.ship_part)))
    assert [line["quantity"] for line in order["lines"]] == [2, 1]


@samples
def test_a_partial_refund_lowers_what_is_wanted_where_the_body_says_so(sample: Sample) -> None:
    order = order_of(told(sample, at(sample, sample.refund_part)))
    assert [line["quantity"] for line in order["lines"]] == [sample.refund_leaves, 1]
    assert order["status"] == "paid"


@samples
def test_an_unknown_status_is_quarantined_and_named(sample: Sample) -> None:
    judged = told(sample, sample.made(put(sample.status_field, "teleported")))
    assert (judged.verdict, judged.status, judged.field) == ("unknown_status", 202, sample.status_field)
    assert "teleported" in judged.reason
    assert not judged.orders


@samples
def test_an_oversize_body_is_refused_before_it_is_read(sample: Sample) -> None:
    incoming = Incoming(sample.shop.platform, "north", {}, b"x", RECEIVED, is_too_large=True)
    judged = judge(incoming, {(sample.shop.platform, "north"): sample.shop})
    assert (judged.verdict, judged.status) == ("too_large", 413)


@samples
@pytest.mark.parametrize("value", [1.9, "2", True, -1, 10**13, None, [], {}], ids=repr)
def test_a_quantity_that_is_no_whole_number_is_refused_by_name(sample: Sample, value: Any) -> None:
    judged = told(sample, sample.made(put(sample.quantity_field, value)))
    assert (judged.verdict, judged.status, judged.field) == ("invalid", 422, sample.quantity_field)


@samples
@pytest.mark.parametrize("value", ["820982911946154508", 1.5, 0, -1, None], ids=repr)
def test_an_id_of_the_wrong_type_is_refused_by_name(sample: Sample, value: Any) -> None:
    judged = told(sample, sample.made(put(sample.id_field, value)))
    assert (judged.verdict, judged.field) == ("invalid", sample.id_field)


@samples
def test_a_missing_field_is_refused_by_name(sample: Sample) -> None:
    judged = told(sample, sample.made(lambda body: body["line_items"][1].pop("quantity")))
    assert (judged.verdict, judged.field) == ("invalid", "line_items.1.quantity")


@samples
@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[]", b"\xff\xfe", b'{"id": NaN}', b"[" * 10_000])
def test_a_body_that_is_no_order_is_refused(sample: Sample, body: bytes) -> None:
    assert told(sample, body).status in (400, 422)


@samples
def test_unicode_comes_through(sample: Sample) -> None:
    order = order_of(told(sample, sample.made(put("line_items.0.sku", "чай-綠茶-🍵\u0000e\u0301"))))
    assert order["lines"][0]["sku"] == "чай-綠茶-🍵\u0000e\u0301"


@samples
def test_huge_ids_keep_every_digit(sample: Sample) -> None:
    def change(body: Body) -> None:
        body["id"] = HUGE
        body["line_items"][0]["id"] = HUGE + 1

    order = order_of(told(sample, sample.made(change)))
    assert order["order_key"].endswith(f":{HUGE}")
    assert order["lines"][0]["line_id"] == str(HUGE + 1)


@samples
def test_dates_of_any_zone_are_one_instant(sample: Sample) -> None:
    for text, expected in sample.stamps:
        order = order_of(told(sample, sample.made(put(sample.changed_field, text))))
        assert order["occurred_at"] == expected


@samples
@pytest.mark.parametrize("date", ["yesterday", "", None, "1969-12-31T00:00:00"], ids=repr)
def test_a_date_that_is_none_is_refused_by_name(sample: Sample, date: Any) -> None:
    judged = told(sample, sample.made(put(sample.changed_field, date)))
    assert judged.verdict == "invalid"
    assert judged.field in (sample.changed_field, "date")


@samples
def test_a_line_without_sku_is_kept_for_a_person_to_see(sample: Sample) -> None:
    order = order_of(told(sample, sample.made(put("line_items.0.sku", ""))))
    assert ":" in order["lines"][0]["sku"]


@samples
def test_what_concerns_no_order_is_ignored(sample: Sample) -> None:
    body = json.dumps({"id": 5}).encode()
    headers = {
        n: "products/update" if n.endswith("topic") else v for n, v in sample.headers(body, "first secret").items()
    }
    judged = judge(
        Incoming(sample.shop.platform, "north", headers, body, RECEIVED), {(sample.shop.platform, "north"): sample.shop}
    )
    assert (judged.verdict, judged.status) == ("ignored", 200)


@samples
def test_the_status_table_leads_to_the_common_lifecycle_only(sample: Sample) -> None:
    assert sample.platform.statuses
    assert set(sample.platform.statuses.values()) <= set(Lifecycle)
