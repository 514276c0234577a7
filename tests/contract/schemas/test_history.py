"""No contract breaks a published version of itself, in either direction."""

import json
from pathlib import Path

import pytest

from schemas.avro_schema import schema_of
from schemas.events import EVENTS
from schemas.events.base import Record
from schemas.publish import HISTORY, broken, number, published


@pytest.mark.parametrize("record", EVENTS, ids=lambda record: record.__name__)
def test_the_contract_gets_on_with_every_published_version(record: type[Record]) -> None:
    assert broken(schema_of(record), published(record.__name__)) == []


@pytest.mark.parametrize("record", EVENTS, ids=lambda record: record.__name__)
def test_the_history_has_no_gap(record: type[Record]) -> None:
    versions = published(record.__name__)
    assert [number(path) for path in versions] == list(range(1, len(versions) + 1))


@pytest.mark.parametrize("path", sorted(HISTORY.glob("*.avsc")), ids=lambda path: str(path.name))
def test_what_was_published_still_exists(path: Path) -> None:
    name = json.loads(path.read_text("utf-8"))["name"]
    assert path.name == f"{name}.{number(path)}.avsc"
    assert name in {record.__name__ for record in EVENTS}, f"{name} was published and is no contract any more"
