"""What the HTTP side reads out of a statement."""

import pytest

from infra.local.clickhouse.errors import EngineError
from infra.local.clickhouse.sql import (
    first_word,
    gives_result,
    output_format,
    refuse_files_and_chains,
    split_insert,
)


@pytest.mark.parametrize(
    ("text", "statement", "data_format", "data"),
    [
        ("INSERT INTO t FORMAT CSV\n1,2\n", "INSERT INTO t ", "CSV", "1,2\n"),
        ("INSERT INTO t FORMAT CSV \r\n1", "INSERT INTO t ", "CSV", "1"),
        (
            "insert into t (a, format) settings x = 1 format TSV\n\n1",
            "insert into t (a, format) settings x = 1 ",
            "TSV",
            "\n1",
        ),
        (
            "INSERT INTO `FORMAT x` /* VALUES */ FORMAT Native\n\x00",
            "INSERT INTO `FORMAT x` /* VALUES */ ",
            "Native",
            "\x00",
        ),
        ("INSERT INTO t (a) VALUES (1)", "INSERT INTO t (a) ", "Values", " (1)"),
        ("INSERT INTO t", "INSERT INTO t", "Values", ""),
    ],
)
def test_insert_with_data(text: str, statement: str, data_format: str, data: str) -> None:
    insert = split_insert(text)
    assert insert is not None
    assert (insert.statement, insert.format, text[insert.data_start :]) == (statement, data_format, data)


@pytest.mark.parametrize("text", ["INSERT INTO t SELECT 1", "INSERT INTO t (a) WITH 1 AS x SELECT x FORMAT CSV"])
def test_insert_select_has_no_data(text: str) -> None:
    assert split_insert(text) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SELECT 1 FORMAT JSON", "JSON"),
        ("SELECT 1 format JSONEachRow settings a = 1;", "JSONEachRow"),
        ("SELECT 1 SETTINGS a = 1 FORMAT CSV ; ", "CSV"),
        ("SELECT format('{}', 'FORMAT x')", None),
        ("SELECT 1 -- FORMAT CSV", None),
        ("SELECT (SELECT 1 FORMAT CSV)", None),
    ],
)
def test_output_format(text: str, found: str | None) -> None:
    assert output_format(text) == found


def test_kinds_of_statements() -> None:
    assert first_word("-- note\n/* more */ select 1") == "SELECT"
    assert gives_result("(SELECT 1)")
    assert gives_result("SHOW TABLES")
    assert not gives_result("CREATE TABLE t (a Int8) ENGINE = Memory")
    assert first_word("") == ""


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1; SELECT 2",
        "SELECT 1;;DROP TABLE t",
        "SELECT 1 INTO OUTFILE 'x'",
        "INSERT INTO t FROM/**/inFile 'x'",
        "SELECT ';'; x",
    ],
)
def test_files_and_chains_are_refused(text: str) -> None:
    with pytest.raises(EngineError):
        refuse_files_and_chains(text)


@pytest.mark.parametrize("text", ["SELECT 1;", "SELECT ';' ; -- end; of it", "SELECT 'it''s; ok', \"a;b\", `c;d`"])
def test_one_statement_is_fine(text: str) -> None:
    refuse_files_and_chains(text)
