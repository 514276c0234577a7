"""The work of the bench: the same input, the same rules and the same bytes out for every peer."""

import hashlib
import io
import itertools
import random
import struct
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import fastavro

SKUS = 10_000
PARTITIONS = 4
START_MS = 1_700_000_000_000
PLATFORMS = ("shopify", "amazon", "ebay", "woocommerce")
KINDS = ("counted", "placed", "cancelled", "shipped")
KIND_WEIGHTS = (5, 70, 10, 15)
SKEW = 1.1
INPUT_HEAD, OUTPUT_HEAD = b"\0\0\0\0\1", b"\0\0\0\0\2"
ID_BYTES = slice(6, 42)
"""Where the event's id is in an output: behind the header and the length of the text."""


def _record(name: str, **fields: str) -> Any:
    listed = [{"name": field, "type": kind} for field, kind in fields.items()]
    return fastavro.parse_schema({"type": "record", "name": name, "namespace": "bench", "fields": listed})


ORDER = _record(
    "OrderEvent", event_id="string", order_id="string", sku="string", quantity="int", kind="string",
    occurred_at="long", platform="string",
)  # fmt: skip
STOCK = _record(
    "StockEvent", event_id="string", sku="string", on_hand="int", reserved="int", available="int", result="string",
    occurred_at="long",
)  # fmt: skip
Row = tuple[int, int]
NOTHING: Row = (0, 0)
ROW = struct.Struct(">ii")


def events(count: int, seed: int = 7) -> Iterator[dict[str, Any]]:
    """The input, the same for the same seed."""
    dice = random.Random(seed)
    ranks = list(range(SKUS))
    dice.shuffle(ranks)
    weights = list(itertools.accumulate(1 / (rank + 1) ** SKEW for rank in range(SKUS)))
    skus = dice.choices([f"SKU-{rank:05d}" for rank in ranks], cum_weights=weights, k=count)
    kinds = dice.choices(KINDS, weights=KIND_WEIGHTS, k=count)
    for number, (sku, kind) in enumerate(zip(skus, kinds, strict=True)):
        yield {
            "event_id": str(uuid.UUID(int=dice.getrandbits(128), version=4)),
            "order_id": f"O-{dice.getrandbits(40):011x}",
            "sku": sku,
            "quantity": dice.randint(50, 500) if kind == "counted" else dice.randint(1, 5),
            "kind": kind,
            "occurred_at": START_MS + number,
            "platform": PLATFORMS[dice.getrandbits(2)],
        }


def apply(event: dict[str, Any], row: Row) -> tuple[Row, str]:
    """The rule: the row after the event, and what became of it."""
    on_hand, reserved = row
    quantity, kind = event["quantity"], event["kind"]
    if kind == "placed":
        if on_hand - reserved >= quantity:
            return (on_hand, reserved + quantity), "accepted"
        return row, "rejected"
    if kind == "cancelled":
        return (on_hand, reserved - min(reserved, quantity)), "applied"
    if kind == "shipped":
        return (max(0, on_hand - quantity), max(0, reserved - quantity)), "applied"
    return (quantity, reserved), "applied"


def outcome(event: dict[str, Any], row: Row, result: str) -> dict[str, Any]:
    """The output of one event."""
    on_hand, reserved = row
    return {
        "event_id": event["event_id"], "sku": event["sku"], "on_hand": on_hand, "reserved": reserved,
        "available": on_hand - reserved, "result": result, "occurred_at": event["occurred_at"],
    }  # fmt: skip


def _encoder(schema: Any, head: bytes) -> Callable[[dict[str, Any]], bytes]:
    write, buffer = fastavro.schemaless_writer, io.BytesIO

    def encode(value: dict[str, Any]) -> bytes:
        out = buffer()
        out.write(head)
        write(out, schema, value)
        return out.getvalue()

    return encode


def _decoder(schema: Any) -> Callable[[bytes], dict[str, Any]]:
    read, buffer = fastavro.schemaless_reader, io.BytesIO

    def decode(data: bytes) -> dict[str, Any]:
        source = buffer(data)
        source.seek(5)
        return read(source, schema, None)  # type: ignore[return-value]

    return decode


encode_order, decode_order = _encoder(ORDER, INPUT_HEAD), _decoder(ORDER)
encode_stock, decode_stock = _encoder(STOCK, OUTPUT_HEAD), _decoder(STOCK)


def encode_row(row: Row) -> bytes:
    """Eight bytes."""
    return ROW.pack(*row)


def decode_row(data: bytes) -> Row:
    """The row back."""
    on_hand, reserved = ROW.unpack(data)
    return on_hand, reserved


def reference(count: int, seed: int = 7) -> dict[str, Row]:
    """The final rows, computed without Kafka."""
    rows: dict[str, Row] = {}
    for event in events(count, seed):
        rows[event["sku"]] = apply(event, rows.get(event["sku"], NOTHING))[0]
    return rows


def digest(rows: dict[str, Row]) -> str:
    """A short fingerprint of all rows."""
    lines = "".join(f"{sku},{on_hand},{reserved}\n" for sku, (on_hand, reserved) in sorted(rows.items()))
    return hashlib.sha256(lines.encode()).hexdigest()[:16]
