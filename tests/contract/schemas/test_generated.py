"""The generated files are those of the contracts: no drift, nothing left over."""

from pathlib import Path

import pytest

from schemas import wire
from schemas.events import EVENTS
from schemas.events.base import Record
from schemas.generate import HERE, outputs

OUTPUTS = outputs()


@pytest.mark.parametrize("path", OUTPUTS, ids=lambda path: str(path.name))
def test_the_file_is_as_generated(path: Path) -> None:
    assert path.read_text("utf-8") == OUTPUTS[path], "run `make schemas` and commit what it writes"


@pytest.mark.parametrize(("folder", "suffix"), [("avro", "avsc"), ("examples", "json")])
def test_each_contract_has_its_file_and_no_file_is_an_orphan(folder: str, suffix: str) -> None:
    assert {path.name for path in (HERE / folder).glob("*.*")} == {f"{record.__name__}.{suffix}" for record in EVENTS}


@pytest.mark.parametrize("record", EVENTS, ids=lambda record: record.__name__)
def test_the_decoded_shape_has_the_fields_of_the_contract(record: type[Record]) -> None:
    assert list(getattr(wire, record.__name__).__annotations__) == list(record.model_fields)
