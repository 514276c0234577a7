"""From Debezium's JSON to a change: table, row and position, each checked."""

import json
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from connectors.erp.contract import Change, InvalidRow, Position, Undecodable
from connectors.erp.tryton.tables import TABLES
from connectors.erp.tryton.tables.row import Row

_OPERATIONS = frozenset("crud")
_LAST = frozenset({"last", "false"})


def parse(value: bytes | None, offset: int) -> Change | None:
    """None for a tombstone. Raises Undecodable for what is no change record, InvalidRow naming table and column."""
    if value is None:
        return None
    try:
        envelope = from_json(value)
        source, operation = envelope["source"], envelope["op"]
        table, snapshot = source["table"], source["snapshot"]
        position = _position(source, snapshot != "false")
        occurred_at = int(source["ts_ms"])
        found = envelope["before"] if operation == "d" else envelope["after"]
    except (ValueError, KeyError, TypeError) as error:
        raise Undecodable(f"no change record: {type(error).__name__}: {error}") from error
    if operation not in _OPERATIONS:
        raise InvalidRow(f"{table}: unknown operation {operation!r}")
    if table not in TABLES:
        raise InvalidRow(f"{table}: this table is not mapped")
    row_id = _id(table, found)
    row = None if operation == "d" else _row(table, found)
    return Change(
        table=table,
        id=row_id,
        row=row,
        position=position,
        offset=offset,
        occurred_at=occurred_at,
        is_snapshot=snapshot != "false",
        ends_snapshot=snapshot in _LAST,
    )


def _position(source: dict[str, Any], is_snapshot: bool) -> Position:
    """Commit order: ``lsn`` alone goes backwards under concurrent writers.

    ``sequence`` holds the end of the last transaction before this one, and the change's own lsn. Before the first
    transaction there is none; then the own lsn stands for it. A snapshot is older than a change at the same place.
    """
    commit, lsn = json.loads(source["sequence"])
    own = int(lsn)
    return (own if commit is None else int(commit), own, 0 if is_snapshot else 1)


def _id(table: str, found: Any) -> int:
    if not isinstance(found, dict) or type(found.get("id")) is not int:
        raise InvalidRow(f"{table}: the row has no id")
    return int(found["id"])


def _row(table: str, found: dict[str, Any]) -> Row:
    try:
        return TABLES[table].model_validate(found)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        column = ".".join(str(part) for part in problem["loc"])
        given = "" if problem["type"] == "missing" else f" (it is {problem['input']!r})"
        words = "is missing" if problem["type"] == "missing" else problem["msg"]
        raise InvalidRow(f"{table} {found['id']}: column {column}: {words}{given}") from error
