"""Reads Kafka in threads of their own and hands batches to the loop: stock levels, latest per SKU, and decisions."""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from connectors.kafka.settings import consumer_settings
from connectors.process import say_ready
from schemas.codec import Codec, UndecodableRecord
from schemas.topics import ORDER_DECISIONS, STOCK

BATCH = 2000
WAIT_S = 0.5
T = TypeVar("T")
Record = tuple[str, Any]
OnBad = Callable[[str, Message, Exception], None]


def good(messages: list[Message]) -> list[Message]:
    """Without the notes that librdkafka sends between messages. Raises KafkaException for a fatal one."""
    found = []
    for message in messages:
        error = message.error()
        if error is None:
            found.append(message)
        elif error.fatal():
            raise KafkaException(error)
    return found


class Reader:
    """A consumer in a thread of its own, so that closing waits for the call under way."""

    def __init__(self, brokers: str, group: str, codec: Codec, on_bad: OnBad) -> None:
        settings = consumer_settings(brokers, group, "publisher")
        self.consumer = Consumer({**settings, "enable.partition.eof": True})
        self._codec = codec
        self._on_bad = on_bad
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=group)

    async def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Run in the reader's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)

    def some(self) -> list[Message]:
        """What is there, at once; waits for the first message only."""
        first = self.consumer.poll(WAIT_S)
        return [] if first is None else [first, *self.consumer.consume(BATCH, 0)]

    def decoded(self, topic: str, messages: Iterable[Message]) -> list[Record]:
        """Every record; one that cannot be read goes to ``on_bad``. Raises SchemaUnavailable."""
        records = []
        for message in messages:
            try:
                records.append(self._codec.decode(message.value()))
            except UndecodableRecord as error:
                self._on_bad(topic, message, error)
        return records

    async def close(self) -> None:
        """Leave the group and end the thread."""
        await self.call(self.consumer.close)
        self._thread.shutdown()


class LevelReader(Reader):
    """The compacted stock topic from its beginning; every start reads all of it, so it commits nothing."""

    def __init__(self, brokers: str, codec: Codec, on_bad: OnBad) -> None:
        super().__init__(brokers, "publisher-levels", codec, on_bad)
        self._behind: set[int] = set()

    async def run(self, take: Callable[[dict[str, Any]], None], caught_up: asyncio.Event) -> None:
        """Hand over the latest StockLevel per SKU of each batch; ``caught_up`` is set when the start is read."""
        try:
            await self.call(self._assign)
            while True:
                levels = await self.call(self._batch)
                if levels:
                    take(levels)
                if not self._behind and not caught_up.is_set():
                    caught_up.set()
                    say_ready()
        finally:
            await self.close()

    def _assign(self) -> None:
        partitions = self.consumer.list_topics(STOCK.name, timeout=30).topics[STOCK.name].partitions
        self._behind = set(partitions)
        self.consumer.assign([TopicPartition(STOCK.name, p, OFFSET_BEGINNING) for p in partitions])

    def _batch(self) -> dict[str, Any]:
        messages = self.some()
        # only the last of each SKU is worth decoding
        latest = {message.key(): message for message in good(messages)}
        levels = self.decoded(STOCK.name, latest.values())
        # the end is told by a note, since transaction markers take offsets that no message has
        self._behind -= {message.partition() for message in messages if _is_end(message)}
        return {value["sku"]: value for name, value in levels if name == "StockLevel"}


class DecisionReader(Reader):
    """Decisions of orders, in a consumer group; committed when ``take`` has made them durable."""

    async def run(self, take: Callable[[list[Record]], None]) -> None:
        """Hand over batches until cancelled."""
        self.consumer.subscribe([ORDER_DECISIONS.name])
        try:
            while True:
                messages = good(await self.call(self.some))
                if messages:
                    take(self.decoded(ORDER_DECISIONS.name, messages))
                    await self.call(self._commit, messages)
        finally:
            await self.close()

    def _commit(self, messages: list[Message]) -> None:
        # one commit per partition is enough: its last message of the batch
        last = {(message.topic(), message.partition()): message for message in messages}
        for message in last.values():
            self.consumer.commit(message=message, asynchronous=False)


def _is_end(message: Message) -> bool:
    error = message.error()
    return error is not None and error.code() == KafkaError._PARTITION_EOF
