"""Each example is what its contract says, in every form: pydantic, our codec, and a foreign reader with the .avsc."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import fastavro
import pytest
from pydantic import ValidationError

from schemas.codec import HEADER, Codec
from schemas.events.base import Record
from schemas.generate import HERE
from schemas.registry import FixedIds
from tests.contract.schemas.examples import ALL, IDS

every_example = pytest.mark.parametrize(("record", "value"), ALL, ids=IDS)
CODEC = Codec(FixedIds())


@every_example
def test_the_contract_accepts_it_as_it_is(record: type[Record], value: dict[str, Any]) -> None:
    assert record(**value).model_dump() == value


@every_example
def test_it_names_every_field(record: type[Record], value: dict[str, Any]) -> None:
    assert list(value) == list(record.model_fields)


@every_example
def test_it_comes_back_from_the_codec(record: type[Record], value: dict[str, Any]) -> None:
    assert CODEC.decode(CODEC.encode(record.__name__, value)) == (record.__name__, value)


@every_example
def test_a_foreign_reader_with_the_avsc_reads_the_same(record: type[Record], value: dict[str, Any]) -> None:
    schema = json.loads((HERE / "avro" / f"{record.__name__}.avsc").read_text("utf-8"))
    body = io.BytesIO(CODEC.encode(record.__name__, value)[HEADER:])
    assert _as_integers(fastavro.schemaless_reader(body, schema, None)) == value
    assert body.read() == b""


@every_example
def test_a_foreign_writer_with_the_avsc_writes_the_same_bytes(record: type[Record], value: dict[str, Any]) -> None:
    schema = json.loads((HERE / "avro" / f"{record.__name__}.avsc").read_text("utf-8"))
    body = io.BytesIO()
    fastavro.schemaless_writer(body, schema, value)
    assert body.getvalue() == CODEC.encode(record.__name__, value)[HEADER:]


@every_example
def test_no_field_is_forgiving(record: type[Record], value: dict[str, Any]) -> None:
    _refused(record, {**value, "colour": "red"})
    for name, field in value.items():
        _refused(record, {**value, name: object()})
        if type(field) is int:
            _refused(record, {**value, name: 1.9})
            _refused(record, {**value, name: 1.0})
            _refused(record, {**value, name: True})
            _refused(record, {**value, name: str(field)})
        elif isinstance(field, str):
            _refused(record, {**value, name: 7})
        elif isinstance(field, bool):
            _refused(record, {**value, name: 1})


@every_example
def test_no_field_can_be_left_out_unless_it_has_a_default(record: type[Record], value: dict[str, Any]) -> None:
    for name, field in record.model_fields.items():
        rest = {k: v for k, v in value.items() if k != name}
        if field.is_required():
            _refused(record, rest)
        else:
            assert record(**rest)


def _refused(record: type[Record], value: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        record(**value)


def _as_integers(value: Any) -> Any:
    """Logical types as we keep them: milliseconds."""
    if isinstance(value, datetime):
        since = value - datetime(1970, 1, 1, tzinfo=UTC)
        return since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000
    if isinstance(value, dict):
        return {k: _as_integers(v) for k, v in value.items()}
    return [_as_integers(v) for v in value] if isinstance(value, list) else value
