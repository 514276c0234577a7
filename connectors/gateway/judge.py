"""What a delivery is worth: signature, shop, body. Pure: takes bytes, gives the answer and the records."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from connectors.gateway.masking import masked
from connectors.platforms.contract import Delivery, Invalid, Malformed, ParseError, Shop, Told, UnknownStatus
from connectors.platforms.orders import derived_id
from connectors.platforms.registry import BY_NAME
from schemas.wire import OrderChanged, RawDelivery

Verdict = Literal[
    "accepted", "ignored", "bad_signature", "unknown_shop", "malformed", "invalid", "too_large", "unknown_status"
]
STATUS: dict[Verdict, int] = {
    "accepted": 200,
    "ignored": 200,
    # kept and alarmed: sending it again would not help, and too many refusals make platforms stop sending
    "unknown_status": 202,
    "malformed": 400,
    "bad_signature": 401,
    "unknown_shop": 401,
    "too_large": 413,
    "invalid": 422,
}
UNTRUSTED: frozenset[Verdict] = frozenset({"bad_signature", "unknown_shop", "too_large"})
KEPT_HEADERS = ("x-shopify-", "shopify-", "x-wc-webhook-", "content-type", "user-agent")
SECRET_HEADERS = ("-hmac-sha256", "-signature")
MOST_HEADERS = 40
PLATFORM_CHARS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_-")


@dataclass(frozen=True, slots=True)
class Incoming:
    """One request, read; ``headers`` have lower-case names."""

    platform: str
    shop: str
    headers: Mapping[str, str]
    body: bytes
    received_at: int
    is_too_large: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """What to record and what to answer."""

    verdict: Verdict
    reason: str
    field: str
    delivery: Delivery
    orders: Sequence[OrderChanged] = ()

    @property
    def status(self) -> int:
        """The HTTP status."""
        return STATUS[self.verdict]


def judge(incoming: Incoming, shops: Mapping[tuple[str, str], Shop]) -> Judgement:
    """Check size, shop and signature, in this order, then read the body. Never raises for what was sent."""
    platform = BY_NAME.get(incoming.platform)
    digest = hashlib.sha256(incoming.body).hexdigest()
    if platform is None:
        return Judgement("unknown_shop", f"no platform {_printable(incoming.platform)}", "", Delivery(digest, ""))
    delivery = platform.describe(incoming.headers, incoming.body)
    if incoming.is_too_large:
        return Judgement("too_large", "the body is larger than allowed", "", delivery)
    shop = shops.get((incoming.platform, incoming.shop))
    if shop is None:
        return Judgement("unknown_shop", f"no shop {_printable(incoming.shop)}", "", delivery)
    if delivery.claimed_shop not in ("", shop.shop):
        return Judgement("bad_signature", f"it says it is for shop {delivery.claimed_shop}", "", delivery)
    signature = platform.verify(incoming.headers, incoming.body, shop.secrets)
    if not signature.accepted:
        return Judgement("bad_signature", signature.reason, "", delivery)
    return understand(delivery, incoming.body, Told(shop, incoming.received_at))


def understand(delivery: Delivery, body: bytes, told: Told) -> Judgement:
    """Read a body that is known to be the shop's own."""
    try:
        orders = BY_NAME[told.shop.platform].parse(delivery, body, told)
    except ParseError as error:
        return Judgement(_verdict_of(error), str(error), error.field, delivery)
    if not orders:
        return Judgement("ignored", f"{delivery.kind or 'no topic'} concerns no stock", "", delivery)
    return Judgement("accepted", "", "", delivery, orders)


def raw_delivery(incoming: Incoming, judged: Judgement) -> RawDelivery:
    """The record of a delivery. Nothing of a body that no known shop has signed is kept but size and digest."""
    is_trusted = judged.verdict not in UNTRUSTED
    digest = hashlib.sha256(incoming.body).hexdigest()
    delivery_id = judged.delivery.delivery_id
    cause = f"{incoming.platform}:{incoming.shop}:{delivery_id}:{digest}:{incoming.received_at}"
    return {
        "event_id": derived_id(cause),
        "platform": _printable(incoming.platform),
        "shop": _printable(incoming.shop),
        "delivery_id": delivery_id,
        "kind": judged.delivery.kind,
        "verdict": judged.verdict,
        "reason": judged.reason[:1000],
        "headers": {**_kept(incoming.headers), "sha256": digest, "bytes": str(len(incoming.body))},
        "body": masked(incoming.body) if is_trusted else "",
        "received_at": incoming.received_at,
    }


def _verdict_of(error: ParseError) -> Verdict:
    match error:
        case Malformed():
            return "malformed"
        case UnknownStatus():
            return "unknown_status"
        case Invalid():
            return "invalid"
    return "invalid"


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    kept = {n: v[:500] for n, v in headers.items() if n.startswith(KEPT_HEADERS) and not n.endswith(SECRET_HEADERS)}
    return dict(list(kept.items())[:MOST_HEADERS])


def _printable(name: str) -> str:
    """A name from the URL, which anybody can send: cut, and other characters replaced."""
    return "".join(c if c in PLATFORM_CHARS else "?" for c in name[:100]) or "?"
