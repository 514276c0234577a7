"""Records of a batch, decoded; what cannot be decoded goes to the dead letters and the partition goes on."""

from collections.abc import Iterator
from typing import Any

from schemas.codec import Codec, SchemaUnavailable, UndecodableRecord
from streams.runtime import Batch, Transaction, Unavailable


def decoded(codec: Codec, batch: Batch, tx: Transaction) -> Iterator[tuple[str, Any]]:
    """Name and value of each record. Raises Unavailable when the registry is away: that is no record's fault."""
    decode = codec.decode
    for record in batch.records:
        try:
            told = decode(record.value)
        except UndecodableRecord as error:
            tx.dead_letter(record, "decode", error)
            continue
        except SchemaUnavailable as error:
            raise Unavailable(str(error)) from error
        yield told
