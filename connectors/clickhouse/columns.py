"""Columns of the history tables as the rows have them; the migrations declare the same, a test compares both."""

from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any, NamedTuple

Row = tuple[Any, ...]
Record = Mapping[str, Any]
ToRow = Callable[[str, Record], Row]
_REQUIRED = object()


class Column(NamedTuple):
    """One column. `default` stands in where a record of the table's topic has no such field."""

    name: str
    type: str
    default: Any = _REQUIRED


def text(name: str, default: Any = _REQUIRED) -> Column:
    """Free text, ids and keys."""
    return Column(name, "String", default)


def word(name: str, default: Any = _REQUIRED) -> Column:
    """Text with few different values: platforms, SKUs, kinds."""
    return Column(name, "LowCardinality(String)", default)


def whole(name: str, default: Any = _REQUIRED) -> Column:
    """Whole units, versions, positions."""
    return Column(name, "Int64", default)


def moment(name: str, default: Any = _REQUIRED) -> Column:
    """An instant; rows carry it as milliseconds since 1970, which the driver writes as they are."""
    return Column(name, "DateTime64(3, 'UTC')", default)


def flag(name: str, default: Any = _REQUIRED) -> Column:
    """True or false."""
    return Column(name, "Bool", default)


def words(name: str, default: Any = _REQUIRED) -> Column:
    """Several short texts."""
    return Column(name, "Array(LowCardinality(String))", default)


def texts(name: str, default: Any = _REQUIRED) -> Column:
    """Several texts."""
    return Column(name, "Array(String)", default)


def wholes(name: str, default: Any = _REQUIRED) -> Column:
    """Several whole numbers."""
    return Column(name, "Array(Int64)", default)


# where a row came from; the sink adds them to each row, in this order
SOURCE = (
    word("_topic"),
    Column("_partition", "UInt16"),
    Column("_offset", "UInt64"),
    moment("_timestamp"),
)
LINES = (texts("lines.line_id", ()), words("lines.sku", ()), wholes("lines.quantity", ()))


def fields(*columns: Column) -> ToRow:
    """A row of the record's own fields; the record's name is the field `record`. Built for speed: one C call."""
    get = itemgetter(*(column.name for column in columns))
    defaults = {column.name: column.default for column in columns if column.default is not _REQUIRED}
    names_record = any(column.name == "record" for column in columns)
    if not defaults and not names_record:
        return lambda record, value: get(value)
    return lambda record, value: get({**defaults, **value, "record": record})


def with_lines(to_row: ToRow) -> ToRow:
    """Spread an order's lines over the columns of LINES before `to_row` picks its own."""

    def spread(record: str, value: Record) -> Row:
        lines = value.get("lines", ())
        columns = {
            "lines.line_id": [line["line_id"] for line in lines],
            "lines.sku": [line["sku"] for line in lines],
            "lines.quantity": [line["quantity"] for line in lines],
        }
        return to_row(record, {**value, **columns})

    return spread


def with_places(to_row: ToRow) -> ToRow:
    """Spread a stock level's locations and channels over arrays before `to_row` picks its own."""

    def spread(record: str, value: Record) -> Row:
        locations, channels = value["locations"], value["channels"]
        columns = {
            "locations.location": list(locations),
            "locations.on_hand": list(locations.values()),
            "channels.channel": list(channels),
            "channels.available": [level["available"] for level in channels.values()],
            "channels.reserved": [level["reserved"] for level in channels.values()],
            "channels.sold": [level["sold"] for level in channels.values()],
        }
        return to_row(record, {**value, **columns})

    return spread
