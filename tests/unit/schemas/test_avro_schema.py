"""How a class becomes a schema, and what cannot become one."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import create_model

from schemas.avro_schema import Unmappable, schema_of
from schemas.codec import without_logical_types
from schemas.events.base import Logical, Record, Symbols


class Corner(Record):
    """A part."""

    x: int


class Shape(Record):
    """A whole,
    in two lines."""

    name: str
    """What it is called."""
    first: Corner
    rest: list[Corner]
    kind: Annotated[Literal["unknown", "round"], Symbols("Kind")]
    other_kind: Annotated[Literal["unknown", "round"], Symbols("Kind")]
    made_at: Annotated[int, Logical("timestamp-millis")] | None
    weight: float = 0.5


def _types(schema: dict[str, Any]) -> dict[str, Any]:
    return {field["name"]: field["type"] for field in schema["fields"]}


def test_a_schema_says_all_that_the_class_says() -> None:
    schema = schema_of(Shape)
    assert (schema["name"], schema["namespace"], schema["doc"]) == ("Shape", "skustream", "A whole, in two lines.")
    assert schema["fields"][0] == {"name": "name", "type": "string", "doc": "What it is called."}
    assert schema["fields"][-1] == {"name": "weight", "type": "double", "default": 0.5}


def test_what_is_named_is_defined_once() -> None:
    types = _types(schema_of(Shape))
    assert types["first"]["name"] == "Corner"
    assert types["rest"] == {"type": "array", "items": "skustream.Corner"}
    assert types["other_kind"] == "skustream.Kind"


def test_an_enum_has_the_first_symbol_for_those_who_know_fewer() -> None:
    assert _types(schema_of(Shape))["kind"]["default"] == "unknown"


def test_null_comes_first_in_a_union() -> None:
    assert _types(schema_of(Shape))["made_at"] == ["null", {"type": "long", "logicalType": "timestamp-millis"}]


def test_our_codec_sees_integers() -> None:
    assert _types(without_logical_types(schema_of(Shape)))["made_at"] == ["null", {"type": "long"}]


def test_what_has_no_form_names_its_field() -> None:
    class Odd(Record):
        """With a complex number."""

        z: complex

    with pytest.raises(Unmappable, match=r"Odd\.z: no Avro form"):
        schema_of(Odd)


@pytest.mark.parametrize(
    ("hint", "why"),
    [(Literal["unknown", "a"], "Symbols"), (Annotated[Literal["a", "unknown"], Symbols("E")], "must be 'unknown'")],
)
def test_an_enum_must_have_a_name_and_unknown_first(hint: Any, why: str) -> None:
    odd = create_model("Odd", __base__=Record, e=(hint, ...))
    with pytest.raises(Unmappable, match=why):
        schema_of(odd)
