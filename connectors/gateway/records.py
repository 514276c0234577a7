"""Which messages a judged delivery becomes: its raw record, its orders, a dead letter and an alarm if it drifted."""

from connectors.gateway.judge import Incoming, Judgement, Verdict, raw_delivery
from connectors.kafka.envelope import Envelope, Origin, dead_letter
from connectors.kafka.producer import Message
from connectors.platforms.orders import derived_id
from schemas.codec import Codec
from schemas.topics import ALERTS, ORDERS, RAW
from schemas.wire import AlertRaised, OrderChanged

ALARM_EVERY_MS = 60_000
DRIFT: dict[Verdict, str] = {"malformed": "decode", "invalid": "validate", "unknown_status": "map"}
"""Signed by the platform and not understood: the stage at which it failed."""
ACTIONS: dict[Verdict, str] = {
    "bad_signature": "Compare the shop's signing secret with shops.json; during a rotation list both.",
    "malformed": "Read the record on platform.raw.v1 and ask the platform.",
    "invalid": "Compare the field with connectors/platforms; the original is on platform.orders.v1.dlq.",
    "unknown_status": "Add the word to the platform's status table and redrive platform.orders.v1.dlq.",
}


class Records:
    """Encodes what the gateway writes. Raises SchemaUnavailable until every schema it needs has an id."""

    def __init__(self, codec: Codec) -> None:
        for record in ("RawDelivery", "OrderChanged", "AlertRaised"):
            codec.encoder(record)
        self._envelope = Envelope(codec, "skustream/gateway")
        self._alarmed: dict[tuple[str, str], int] = {}

    def of_delivery(self, incoming: Incoming, judged: Judgement) -> list[Message]:
        """All messages of one delivery, in the order in which they are to be stored."""
        raw = raw_delivery(incoming, judged)
        channel = f"{raw['platform']}:{raw['shop']}"
        key = f"{channel}:{raw['delivery_id']}"
        messages = [self._envelope.message(RAW.name, "RawDelivery", key, raw, incoming.received_at)]
        messages += [self.of_order(order) for order in judged.orders]
        if judged.verdict in DRIFT:
            why = (judged.verdict, judged.reason, DRIFT[judged.verdict])
            now = incoming.received_at
            messages.append(dead_letter(Origin(ORDERS.name, key.encode(), raw["body"].encode(), now), why, now))
        if judged.verdict in ACTIONS:
            messages += self._alarm(channel, judged, raw["event_id"], incoming.received_at)
        return messages

    def of_order(self, order: OrderChanged) -> Message:
        """An order on its topic, keyed by its order key."""
        return self._envelope.message(ORDERS.name, "OrderChanged", order["order_key"], order, order["occurred_at"])

    def _alarm(self, channel: str, judged: Judgement, cause: str, now: int) -> list[Message]:
        kind = f"webhook_{judged.verdict}"
        if now - self._alarmed.get((kind, channel), -ALARM_EVERY_MS) < ALARM_EVERY_MS:
            return []
        self._alarmed[kind, channel] = now
        alert: AlertRaised = {
            "event_id": derived_id(f"{kind}:{channel}:{cause}"),
            "kind": kind,
            "subject": channel,
            "state": "open",
            "severity": "warning",
            "summary": f"{channel}: {judged.verdict.replace('_', ' ')}: {judged.reason}"[:1000],
            "action": ACTIONS[judged.verdict],
            "cause_id": cause,
            "occurred_at": now,
        }
        return [self._envelope.message(ALERTS.name, "AlertRaised", f"{kind}:{channel}", alert, now)]
