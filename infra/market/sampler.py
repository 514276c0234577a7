"""Looks at every shop and at the truth in the same instant, and tells Kafka both: the error rate is judged by this."""

import time
from collections.abc import Mapping, Sequence
from uuid import uuid4

from connectors.kafka.producer import AsyncProducer, Message
from infra.market.world import World
from schemas.cloudevents import headers
from schemas.codec import Codec
from schemas.topics import LISTINGS, TRUTH

SOURCE = "skustream/market"


class Sampler:
    """Takes samples of all listings; none of it is seen by the system that is judged."""

    def __init__(self, producer: AsyncProducer, codec: Codec, skus: Sequence[str]) -> None:
        self._producer, self._codec, self._skus = producer, codec, skus
        self.taken = 0

    def take(self, world: World, shown: Mapping[str, Mapping[str, int]]) -> None:
        """One sample: per SKU the truth and, per channel, what its shop shows. Does not wait for Kafka."""
        at, sample = int(time.time() * 1000), str(uuid4())
        messages = [self._truth(world, sku, sample, at) for sku in self._skus]
        for channel, listings in shown.items():
            messages += [self._listing(channel, sku, listings.get(sku, 0), sample, at) for sku in self._skus]
        self._producer.send(messages)
        self.taken += 1

    def _truth(self, world: World, sku: str, sample: str, at: int) -> Message:
        value = {
            "event_id": f"{sample}:{sku}",
            "sample_id": sample,
            "sku": sku,
            "on_hand": world.on_hand[sku],
            "sellable": world.sellable(sku),
            "occurred_at": at,
        }
        return self._message(TRUTH.name, "TruthRecorded", value, at)

    def _listing(self, channel: str, sku: str, quantity: int, sample: str, at: int) -> Message:
        value = {
            "event_id": f"{sample}:{channel}:{sku}",
            "sku": sku,
            "channel": channel,
            "platform": channel.partition(":")[0],
            "quantity": quantity,
            "source": "sample",
            "sample_id": sample,
            "observed_at": at,
        }
        return self._message(LISTINGS.name, "ListingObserved", value, at)

    def _message(self, topic: str, record: str, value: Mapping[str, object], at: int) -> Message:
        sku = str(value["sku"])
        marks = headers(SOURCE, record, str(value["event_id"]), sku, at)
        return Message(topic, sku.encode(), self._codec.encode(record, value), list(marks))
