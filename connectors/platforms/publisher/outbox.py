"""What the publisher tells the rest of Skustream: pushes, what shops show, alarms."""

import asyncio
import time
from collections.abc import Iterable

import structlog

from connectors.kafka.envelope import Envelope
from connectors.kafka.producer import AsyncProducer, DeliveryFailed, Message
from connectors.platforms.contract import Listing, Pushed, Shop
from connectors.platforms.orders import derived_id
from connectors.platforms.publisher.belief import Level
from schemas.codec import Codec
from schemas.topics import ALERTS, LISTINGS, PUSHES
from schemas.wire import AlertRaised, ListingObserved, ListingPushed

log = structlog.get_logger()


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Outbox:
    """Records about pushes are history, not promises: they are sent without waiting, a failure is logged."""

    def __init__(self, codec: Codec, kafka: AsyncProducer) -> None:
        self._envelope = Envelope(codec, "skustream/publisher")
        self._kafka = kafka

    def tell_pushes(self, shop: Shop, pushes: Iterable[tuple[Pushed, Level]], attempts: int) -> None:
        """ListingPushed for each answer of the shop."""
        at = now_ms()
        messages = []
        for done, level in pushes:
            sku, quantity = done.push.listing.sku, done.push.quantity
            record: ListingPushed = {
                "event_id": derived_id(f"push:{shop.channel}:{sku}:{level.version}:{quantity}:{at}"),
                "sku": sku,
                "channel": shop.channel,
                "platform": shop.platform,
                "quantity": quantity,
                "previous": done.push.expected,
                "outcome": done.outcome,
                "reason": done.reason[:1000],
                "attempts": attempts,
                "stock_version": level.version,
                "cause_id": level.cause_id,
                "cause_at": level.as_of,
                "acknowledged_at": at,
            }
            messages.append(self._envelope.message(PUSHES.name, "ListingPushed", sku, record, at))
        self._send(messages)

    def tell_listings(self, shop: Shop, listings: Iterable[Listing]) -> None:
        """ListingObserved for what a full read of the shop has found."""
        at = now_ms()
        messages = []
        for listing in listings:
            record: ListingObserved = {
                "event_id": derived_id(f"listing:{shop.channel}:{listing.sku}:{at}"),
                "sku": listing.sku,
                "channel": shop.channel,
                "platform": shop.platform,
                "quantity": listing.shown,
                "source": "poll",
                "sample_id": "",
                "observed_at": at,
            }
            messages.append(self._envelope.message(LISTINGS.name, "ListingObserved", listing.sku, record, at))
        self._send(messages)

    def alarm(self, kind: str, subject: str, summary: str, action: str, is_open: bool = True) -> None:
        """AlertRaised; ``kind`` and ``subject`` are its identity."""
        at = now_ms()
        record: AlertRaised = {
            "event_id": derived_id(f"{kind}:{subject}:{is_open}:{at}"),
            "kind": kind,
            "subject": subject,
            "state": "open" if is_open else "closed",
            "severity": "warning",
            "summary": summary[:1000],
            "action": action,
            "cause_id": "",
            "occurred_at": at,
        }
        self._send([self._envelope.message(ALERTS.name, "AlertRaised", f"{kind}:{subject}", record, at)])

    def _send(self, messages: list[Message]) -> None:
        if messages:
            self._kafka.send(messages).add_done_callback(_log_failure)


def _log_failure(sent: "asyncio.Future[None]") -> None:
    if not sent.cancelled() and isinstance(problem := sent.exception(), DeliveryFailed):
        log.error("records of the publisher were not stored", problem=str(problem))
