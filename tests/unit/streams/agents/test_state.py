"""Rows as bytes: they come back, and bytes of an older version are read."""

from typing import Any, NamedTuple

import msgspec
import pytest

from streams.agents.state import rows_of
from streams.inventory.rows import EMPTY_ROW, NEW_RESERVATION, Channel, Location
from streams.orders.rows import NEW_ORDER, Line

ROWS = [
    EMPTY_ROW._replace(version=3, is_known=True, locations={"A": Location(5, 9)}, channels={"c": Channel(1, 2)}),
    EMPTY_ROW._replace(parked=("a\0b",)),
    NEW_RESERVATION._replace(quantity=2, closed="expired", expires_at=7),
    NEW_ORDER._replace(source_version=7, lines=(Line("1", "SKU", 2, "reserved", 0), Line("2", "Ü", 1, "oversold", 1))),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: type(row).__name__)
def test_a_row_comes_back_as_it_was(row: Any) -> None:
    codec = rows_of(type(row))
    assert codec.decode(codec.encode(row)) == row
    assert type(codec.decode(codec.encode(row))) is type(row)


def test_a_field_that_older_bytes_do_not_have_takes_its_default() -> None:
    class Old(NamedTuple):
        line_id: str
        sku: str
        quantity: int
        state: str
        short: int

    old = rows_of(Old).encode(Old("1", "SKU", 2, "reserved", 0))
    assert rows_of(Line).decode(old) == Line("1", "SKU", 2, "reserved", 0, shipped=0)


def test_bytes_that_are_no_row_are_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        rows_of(Line).decode(msgspec.msgpack.encode(["1", "SKU", "two", "reserved", 0]))
