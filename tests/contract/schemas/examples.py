"""The examples of schemas/examples as fixtures."""

import json
from typing import Any

from schemas.events import EVENTS
from schemas.events.base import Record
from schemas.generate import HERE

Example = tuple[type[Record], dict[str, Any]]


def of(record: type[Record]) -> list[dict[str, Any]]:
    """The examples of a record."""
    values: list[dict[str, Any]] = json.loads((HERE / "examples" / f"{record.__name__}.json").read_text("utf-8"))
    return values


ALL: list[Example] = [(record, value) for record in EVENTS for value in of(record)]
IDS = [f"{record.__name__}-{n}" for record in EVENTS for n, _ in enumerate(of(record), 1)]
