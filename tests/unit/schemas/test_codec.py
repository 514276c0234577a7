"""Framing, refusals, and records of other versions."""

import copy
from typing import Any

import pytest

from schemas.avro_schema import schema_of
from schemas.codec import Codec, UndecodableRecord
from schemas.events import ClockTicked, OrderCancelled, StockReserved
from schemas.events.base import Record
from schemas.registry import FixedIds

TICK = {"event_id": "e1", "source": "tryton", "occurred_at": 7}
OLDER = 77


class OneMore(FixedIds):
    """The fixed ids and one schema more, as a registry that has older versions."""

    def __init__(self, schema: dict[str, Any]) -> None:
        super().__init__()
        self._more = schema

    def schema_of(self, schema_id: int) -> dict[str, Any]:
        return self._more if schema_id == OLDER else super().schema_of(schema_id)


def _written_by(schema: dict[str, Any], value: dict[str, Any]) -> tuple[str, Any]:
    """What our reader makes of a record that another version wrote."""
    import io

    import fastavro

    body = io.BytesIO()
    fastavro.schemaless_writer(body, schema, value)
    return Codec(OneMore(schema)).decode(b"\0" + OLDER.to_bytes(4, "big") + body.getvalue())


def _schema(record: type[Record]) -> dict[str, Any]:
    return copy.deepcopy(schema_of(record))


def test_the_frame_is_confluents() -> None:
    data = Codec(FixedIds()).encode("ClockTicked", TICK)
    assert data[0] == 0
    assert int.from_bytes(data[1:5], "big") == FixedIds().id_of("ClockTicked")
    assert data[5:] == b"\x04e1\x0ctryton\x0e"


def test_an_encoder_is_made_once() -> None:
    codec = Codec(FixedIds())
    assert codec.encoder("ClockTicked") is codec.encoder("ClockTicked")


def test_what_is_no_contract_cannot_be_encoded() -> None:
    with pytest.raises(KeyError, match="no contract is called Parcel"):
        Codec(FixedIds()).encode("Parcel", {})


GOOD = Codec(FixedIds()).encode("ClockTicked", TICK)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (None, "tombstone"),
        (b"", "starts with nothing"),
        (b"\0\0\0", "not in Confluent framing"),
        (b'{"sku": "A"}', "not in Confluent framing: starts with 7b22736b75"),
        (b"\0\x7f\xff\xff\xff" + GOOD[5:], "schema id 2147483647 is unknown"),
        (GOOD[:-1], "ClockTicked"),
        (GOOD[:5], "ClockTicked"),
        (GOOD + b"\0", "1 bytes too many"),
        (GOOD[:5] + b"\x04\xff\xfe" + GOOD[8:], "ClockTicked"),
        (GOOD[:5] + b"\x03" + GOOD[6:], "ClockTicked"),
        (GOOD[:5] + b"\xff" * 11, "ClockTicked"),
    ],
    ids=["none", "empty", "short", "json", "unknown id", "cut", "no body", "longer", "utf-8", "negative", "huge"],
)
def test_what_is_no_record_of_ours_is_refused(data: bytes | None, why: str) -> None:
    codec = Codec(FixedIds())
    with pytest.raises(UndecodableRecord, match=why):
        codec.decode(data)
    assert codec.decode(GOOD) == ("ClockTicked", TICK)


def test_every_cut_of_every_length_is_refused() -> None:
    codec = Codec(FixedIds())
    for length in range(len(GOOD)):
        with pytest.raises(UndecodableRecord):
            codec.decode(GOOD[:length])


def test_a_field_that_an_older_version_did_not_have_takes_its_default() -> None:
    from schemas.events import ReservationFulfilled

    older = _schema(ReservationFulfilled)
    older["fields"] = [field for field in older["fields"] if field["name"] != "is_complete"]
    value = {field["name"]: _any(field["type"]) for field in older["fields"]}
    assert _written_by(older, value) == ("ReservationFulfilled", {**value, "is_complete": False})


def test_a_field_of_a_newer_version_is_left_aside() -> None:
    newer = _schema(ClockTicked)
    newer["fields"].insert(0, {"name": "zone", "type": "string", "default": ""})
    assert _written_by(newer, {**TICK, "zone": "UTC"}) == ("ClockTicked", TICK)


def test_a_symbol_of_a_newer_version_reads_as_unknown() -> None:
    newer = _schema(OrderCancelled)
    next(f for f in newer["fields"] if f["name"] == "cause")["type"]["symbols"].append("weather")
    value = {field["name"]: _any(field["type"]) for field in newer["fields"]}
    assert _written_by(newer, {**value, "cause": "weather"})[1]["cause"] == "unknown"


def test_a_contract_that_this_version_does_not_have_is_refused() -> None:
    stranger = {**_schema(ClockTicked), "name": "SunRose"}
    with pytest.raises(UndecodableRecord, match="'SunRose', which is no contract of this version"):
        _written_by(stranger, TICK)


def test_a_schema_that_does_not_fit_ours_is_refused() -> None:
    other = _schema(StockReserved)
    other["fields"] = other["fields"][:1]
    with pytest.raises(UndecodableRecord, match="StockReserved"):
        _written_by(other, {"event_id": "e"})


def _any(kind: Any) -> Any:
    """A value that a type takes."""
    if isinstance(kind, dict):
        return {"enum": "unknown", "array": [], "map": {}, "long": 1}[kind["type"]]
    return {"string": "x", "long": 1, "boolean": True}[kind]
