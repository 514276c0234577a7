"""Avro schemas from the contracts: one record class in, one Avro schema out."""

import types
import typing
from typing import Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from schemas.events.base import Logical, Record, Symbols

NAMESPACE = "skustream"
PRIMITIVES: dict[object, str] = {str: "string", int: "long", bool: "boolean", float: "double", bytes: "bytes"}
UNION_ORIGINS: tuple[object, ...] = (Union, types.UnionType)
AvroType = Any
"""Avro's own JSON form: a name, a list (union) or an object."""


class Unmappable(TypeError):
    """A field's type has no Avro form here; the message names the field."""


def record_name(record: type[Record]) -> str:
    """The full Avro name, as it is registered."""
    return f"{NAMESPACE}.{record.__name__}"


def schema_of(record: type[Record]) -> dict[str, AvroType]:
    """The Avro schema of a contract, with its documentation."""
    return _record(record, set())


def _record(record: type[Record], seen: set[str]) -> dict[str, AvroType]:
    seen.add(record.__name__)
    hints = typing.get_type_hints(record, include_extras=True)
    fields = [_field(record, name, hints[name], info, seen) for name, info in record.model_fields.items()]
    doc = " ".join((record.__doc__ or "").split())
    return {"type": "record", "name": record.__name__, "namespace": NAMESPACE, "doc": doc, "fields": fields}


def _field(owner: type[Record], name: str, hint: Any, info: FieldInfo, seen: set[str]) -> dict[str, AvroType]:
    try:
        out: dict[str, AvroType] = {"name": name, "type": _type(hint, seen)}
    except Unmappable as error:
        raise Unmappable(f"{owner.__name__}.{name}: {error}") from error
    if info.description:
        out["doc"] = " ".join(info.description.split())
    if not info.is_required():
        out["default"] = info.default
    return out


def _type(hint: Any, seen: set[str]) -> AvroType:
    marks: tuple[Any, ...] = ()
    while get_origin(hint) is typing.Annotated:
        hint, *more = get_args(hint)
        marks = (*marks, *more)
    origin = get_origin(hint)
    if origin is Literal:
        return _enum(hint, marks, seen)
    if origin in UNION_ORIGINS:
        return [_type(arm, seen) for arm in sorted(get_args(hint), key=lambda arm: arm is not type(None))]
    if origin is list:
        return {"type": "array", "items": _type(get_args(hint)[0], seen)}
    if origin is dict:
        return {"type": "map", "values": _type(get_args(hint)[1], seen)}
    if hint is type(None):
        return "null"
    if isinstance(hint, type) and issubclass(hint, Record):
        return record_name(hint) if hint.__name__ in seen else _record(hint, seen)
    if hint not in PRIMITIVES:
        raise Unmappable(f"no Avro form for {hint!r}")
    logical = next((m.name for m in marks if isinstance(m, Logical)), None)
    return {"type": PRIMITIVES[hint], "logicalType": logical} if logical else PRIMITIVES[hint]


def _enum(hint: Any, marks: tuple[Any, ...], seen: set[str]) -> AvroType:
    name = next((m.name for m in marks if isinstance(m, Symbols)), None)
    if name is None:
        raise Unmappable("a Literal wants Annotated[..., Symbols('Name')]")
    symbols = list(get_args(hint))
    if symbols[0] != "unknown":
        raise Unmappable("the first symbol is the default for readers that know fewer: it must be 'unknown'")
    if name in seen:
        return f"{NAMESPACE}.{name}"
    seen.add(name)
    return {"type": "enum", "name": name, "namespace": NAMESPACE, "symbols": symbols, "default": "unknown"}
