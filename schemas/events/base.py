"""What every record shares: the frozen, strict base class and the field types that carry a meaning."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Record(BaseModel):
    """A contract. Frozen, strict (1.9 or True is no integer) and closed (an unknown field is refused)."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", use_attribute_docstrings=True)


@dataclass(frozen=True)
class Symbols:
    """Names the Avro enum that a ``Literal`` becomes; its first symbol is the default for unknown ones."""

    name: str


@dataclass(frozen=True)
class Logical:
    """The Avro logical type that an integer carries for other readers; our codec keeps the integer."""

    name: str


LONG_MAX = 2**63 - 1
Text = Annotated[str, Field(max_length=10_000)]
Key = Annotated[str, Field(min_length=1, max_length=400)]
Sku = Annotated[str, Field(min_length=1, max_length=200, description="The seller's article number.")]
Units = Annotated[int, Field(ge=0, le=1_000_000_000_000)]
Delta = Annotated[int, Field(ge=-1_000_000_000_000, le=1_000_000_000_000)]
Long = Annotated[int, Field(ge=-1, le=LONG_MAX)]
Millis = Annotated[int, Field(ge=0, le=253_402_300_799_999), Logical("timestamp-millis")]
"""Milliseconds since 1970-01-01T00:00:00Z."""
