"""One suite for every captured table of every ERP: what a change feed may bring."""

import json
from typing import Any

import pytest

from connectors.erp.contract import Change, Erp, InvalidRow, Undecodable
from connectors.erp.erps import ERPS
from tests.erp_feed import FIXTURES, Feed

CASES = [pytest.param(erp, table, id=f"{erp.name}-{table}") for erp in ERPS for table in erp.tables]


def an_envelope(erp: Erp, table: str) -> dict[str, Any]:
    """A recorded change of the table, as Debezium wrote it."""
    for line in (FIXTURES / f"{erp.name}-changes.jsonl").read_text().splitlines():
        value: dict[str, Any] = json.loads(line)["value"]
        if value["source"]["table"] == table and value["after"]:
            return value
    raise AssertionError(f"nothing recorded of {table}")


def parsed(erp: Erp, value: dict[str, Any]) -> Change:
    change = erp.parse(json.dumps(value).encode(), 7)
    assert change is not None
    return change


@pytest.mark.parametrize("op", ["c", "u", "r"])
@pytest.mark.parametrize(("erp", "table"), CASES)
def test_insert_update_and_snapshot_have_one_shape(erp: Erp, table: str, op: str) -> None:
    value = an_envelope(erp, table)
    change = parsed(erp, {**value, "op": op})
    assert change.row.model_dump() == {**change.row.model_dump(), "id": value["after"]["id"]}
    assert (change.table, change.offset) == (table, 7)


@pytest.mark.parametrize(("erp", "table"), CASES)
def test_a_delete_needs_only_the_id(erp: Erp, table: str) -> None:
    value = an_envelope(erp, table)
    change = parsed(erp, {**value, "op": "d", "before": {"id": value["after"]["id"]}, "after": None})
    assert change.row is None
    assert change.id == value["after"]["id"]


@pytest.mark.parametrize(("erp", "table"), CASES)
def test_a_deleted_row_that_was_never_seen_is_folded(erp: Erp, table: str) -> None:
    value = an_envelope(erp, table)
    change = parsed(erp, {**value, "op": "d", "before": {"id": 999}, "after": None})
    erp.fold(Feed().state, change)


@pytest.mark.parametrize("erp", ERPS, ids=lambda erp: erp.name)
def test_a_tombstone_is_nothing(erp: Erp) -> None:
    assert erp.parse(None, 7) is None


@pytest.mark.parametrize(("erp", "table"), CASES)
def test_a_new_column_is_ignored(erp: Erp, table: str) -> None:
    value = an_envelope(erp, table)
    assert parsed(erp, {**value, "after": {**value["after"], "brand_new": 1}}).row == parsed(erp, value).row


@pytest.mark.parametrize(("erp", "table"), CASES)
def test_a_missing_column_is_an_error_that_names_it(erp: Erp, table: str) -> None:
    value = an_envelope(erp, table)
    for column in value["after"]:
        if column == "id":
            continue
        row = {name: found for name, found in value["after"].items() if name != column}
        with pytest.raises(InvalidRow, match=f"{table} .*column {column}: is missing"):
            parsed(erp, {**value, "after": row})


@pytest.mark.parametrize(("erp", "table"), CASES)
def test_a_column_of_another_type_is_an_error_that_names_it(erp: Erp, table: str) -> None:
    value = an_envelope(erp, table)
    column = next(name for name in value["after"] if name != "id")
    with pytest.raises(InvalidRow, match=f"{table} .*column {column}"):
        parsed(erp, {**value, "after": {**value["after"], column: {"odd": 1}}})


@pytest.mark.parametrize(("table", "column"), [("stock_move", "state"), ("stock_location", "type")])
def test_an_unknown_word_is_an_error_and_never_a_default(table: str, column: str) -> None:
    erp = ERPS[0]
    value = an_envelope(erp, table)
    with pytest.raises(InvalidRow, match=f"column {column}: .*teleported"):
        parsed(erp, {**value, "after": {**value["after"], column: "teleported"}})


@pytest.mark.parametrize("erp", ERPS, ids=lambda erp: erp.name)
def test_a_table_that_is_not_mapped_is_an_error(erp: Erp) -> None:
    value = an_envelope(erp, next(iter(erp.tables)))
    value["source"]["table"] = "party_party"
    with pytest.raises(InvalidRow, match="party_party: this table is not mapped"):
        parsed(erp, value)


@pytest.mark.parametrize("garbage", [b"", b"{", b"[]", b'{"op":"c"}', b"\xff\xfe", b"null"])
@pytest.mark.parametrize("erp", ERPS, ids=lambda erp: erp.name)
def test_what_is_no_change_record_is_undecodable(erp: Erp, garbage: bytes) -> None:
    with pytest.raises(Undecodable):
        erp.parse(garbage, 7)


@pytest.mark.parametrize("erp", ERPS, ids=lambda erp: erp.name)
def test_the_connector_captures_exactly_the_columns_that_are_read(erp: Erp) -> None:
    path = FIXTURES.parents[2] / "infra" / "debezium" / f"{erp.connector}.json"
    connector = json.loads(path.read_text())
    tables = {name.removeprefix("public.") for name in connector["table.include.list"].split(",")}
    assert tables == set(erp.tables)
    for pattern in connector["column.include.list"].split(","):
        _, table, columns = pattern.split("\\.")
        assert set(columns.strip("()").split("|")) == set(erp.tables[table].model_fields), table
