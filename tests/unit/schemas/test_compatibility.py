"""The judge of changes, judged: what breaks a reader or writer is refused, what does not is let through."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from schemas.avro_schema import schema_of
from schemas.events.base import Record, Symbols
from schemas.publish import broken, publish, published

Change = Callable[[dict[str, Any]], None]


class Parcel(Record):
    """A contract of this test alone."""

    parcel_id: str
    weight: int
    note: str = ""
    until: int | None
    size: Annotated[Literal["unknown", "small", "large"], Symbols("Size")]
    marks: dict[str, int]


def _field(schema: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(field for field in schema["fields"] if field["name"] == name)
    return found


def _add(**field: Any) -> Change:
    return lambda schema: schema["fields"].append(field)


def _remove(name: str) -> Change:
    return lambda schema: schema["fields"].remove(_field(schema, name))


def _retype(name: str, kind: Any) -> Change:
    return lambda schema: _field(schema, name).update(type=kind)


def _rename(name: str, other: str) -> Change:
    return lambda schema: _field(schema, name).update(name=other)


def _symbols(*symbols: str) -> Change:
    return lambda schema: _field(schema, "size")["type"].update(symbols=list(symbols))


REFUSED: dict[str, Change] = {
    "a required field more": _add(name="colour", type="string"),
    "a field without default less": _remove("weight"),
    "another type": _retype("weight", "string"),
    "a wider type, which older readers cannot take": _retype("weight", "double"),
    "another name": _rename("weight", "mass"),
    "a null that may come now": _retype("weight", ["null", "long"]),
    "a null that may not come any more": _retype("until", "long"),
    "other values in a map": _retype("marks", {"type": "map", "values": "string"}),
    "another name of the record": lambda schema: schema.update(name="Package"),
}
ACCEPTED: dict[str, Change] = {
    "nothing": lambda schema: None,
    "a field with a default more": _add(name="colour", type="string", default="unknown"),
    "a field that may be null, with a default, more": _add(name="colour", type=["null", "string"], default=None),
    "a field with a default less": _remove("note"),
    "other words": lambda schema: schema.update(doc="Another text."),
    "a symbol at the end": _symbols("unknown", "small", "large", "huge"),
    "fields in another order": lambda schema: schema["fields"].reverse(),
}


@pytest.fixture
def history(tmp_path: Path) -> Path:
    written, refused = publish((Parcel,), tmp_path)
    assert [path.name for path in written] == ["Parcel.1.avsc"]
    assert refused == []
    return tmp_path


def _changed(change: Change) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(json.dumps(schema_of(Parcel)))
    change(schema)
    return schema


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED.keys())
def test_refused(change: Change, history: Path) -> None:
    assert broken(_changed(change), published("Parcel", history))


@pytest.mark.parametrize("change", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_accepted(change: Change, history: Path) -> None:
    assert broken(_changed(change), published("Parcel", history)) == []


def test_the_reason_names_the_version_and_what_is_wrong(history: Path) -> None:
    [why] = broken(_changed(REFUSED["a required field more"]), published("Parcel", history))
    assert why.startswith("Parcel.1.avsc: the new version cannot read what was written")
    assert "reader_field_missing_default_value" in why


def test_a_change_must_get_on_with_every_version_not_only_the_last(history: Path) -> None:
    """`colour` as text, gone, and back as a number: each step is harmless, the whole is not."""
    text = _changed(_add(name="colour", type="string", default=""))
    (history / "Parcel.2.avsc").write_text(json.dumps(text))
    (history / "Parcel.3.avsc").write_text(json.dumps(_changed(lambda schema: None)))
    number = _changed(_add(name="colour", type="long", default=0))
    assert broken(number, published("Parcel", history)[2:]) == []
    assert [why[:13] for why in broken(number, published("Parcel", history))] == ["Parcel.2.avsc"] * 2


def test_publishing_again_writes_nothing(history: Path) -> None:
    assert publish((Parcel,), history) == ([], [])


def test_a_change_of_words_is_no_version(history: Path) -> None:
    path = history / "Parcel.1.avsc"
    path.write_text(json.dumps({**json.loads(path.read_text()), "doc": "As it was put before."}))
    assert publish((Parcel,), history) == ([], [])


def test_publishing_a_break_is_refused_and_writes_nothing(history: Path) -> None:
    path = history / "Parcel.1.avsc"
    path.write_text(json.dumps(_changed(_remove("weight"))))
    written, refused = publish((Parcel,), history)
    assert written == []
    assert refused
    assert [p.name for p in history.iterdir()] == ["Parcel.1.avsc"]


def test_a_compatible_change_becomes_the_next_version(history: Path) -> None:
    path = history / "Parcel.1.avsc"
    path.write_text(json.dumps(_changed(_remove("note"))))
    assert [p.name for p in publish((Parcel,), history)[0]] == ["Parcel.2.avsc"]
