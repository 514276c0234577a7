"""From Kafka records to a batch of rows; what cannot be decoded is set apart, never dropped."""

from collections.abc import Iterable
from typing import NamedTuple

from connectors.clickhouse.batch import Batch
from connectors.clickhouse.history import TABLE_OF
from connectors.clickhouse.raw import Message
from schemas.codec import Codec, UndecodableRecord


class Refused(NamedTuple):
    """A record that is at fault itself, and why."""

    message: Message
    error: UndecodableRecord


def decode(messages: Iterable[Message], codec: Codec) -> tuple[Batch, list[Refused]]:
    """Rows of the records that can be read. Raises SchemaUnavailable if the registry cannot be asked now."""
    batch, refused = Batch(), []
    for message in messages:
        table = TABLE_OF[message.topic]
        try:
            row = table.row_of(message, codec)
        except UndecodableRecord as error:
            refused.append(Refused(message, error))
            continue
        if row is not None:
            batch.add(table, row, message)
    return batch, refused
