"""``python -m schemas.publish``: freezes the contracts as they are, as what every later version must get on with.

The history is append-only: avro/history/<Record>.<n>.avsc. A change of words alone makes no new version.
"""

import json
import sys
from pathlib import Path
from typing import Any

from schemas.avro_schema import schema_of
from schemas.compatibility import breaks
from schemas.events import EVENTS
from schemas.events.base import Record
from schemas.generate import avsc

HISTORY = Path(__file__).parent / "avro" / "history"


def published(record: str, history: Path = HISTORY) -> list[Path]:
    """The files of a record's published versions, oldest first."""
    return sorted(history.glob(f"{record}.*.avsc"), key=number)


def number(path: Path) -> int:
    """The version that a file of the history holds."""
    return int(path.name.split(".")[1])


def broken(schema: dict[str, Any], versions: list[Path]) -> list[str]:
    """What the schema breaks against each of these versions (FULL_TRANSITIVE); empty where it may be published."""
    return [f"{path.name}: {why}" for path in versions for why in breaks(json.loads(path.read_text("utf-8")), schema)]


def without_words(schema: Any) -> Any:
    """The schema without its documentation."""
    if isinstance(schema, dict):
        return {k: without_words(v) for k, v in schema.items() if k != "doc"}
    return [without_words(item) for item in schema] if isinstance(schema, list) else schema


def publish(records: tuple[type[Record], ...] = EVENTS, history: Path = HISTORY) -> tuple[list[Path], list[str]]:
    """Write a new version of each record that differs from its last one: the files written, and what is refused.

    Nothing is written when anything is refused.
    """
    due: list[tuple[Path, str]] = []
    refused: list[str] = []
    for record in records:
        schema, versions = schema_of(record), published(record.__name__, history)
        if versions and without_words(json.loads(versions[-1].read_text("utf-8"))) == without_words(schema):
            continue
        refused += broken(schema, versions)
        following = number(versions[-1]) + 1 if versions else 1
        due.append((history / f"{record.__name__}.{following}.avsc", avsc(record)))
    if refused:
        return [], refused
    history.mkdir(parents=True, exist_ok=True)
    for path, text in due:
        path.write_text(text, "utf-8")
    return [path for path, _ in due], []


def main() -> int:
    """Publish, and say what was written or refused."""
    written, refused = publish()
    for line in [f"wrote {path.name}" for path in written] or refused or ["nothing has changed"]:
        sys.stderr.write(f"{line}\n")
    return 1 if refused else 0


if __name__ == "__main__":
    raise SystemExit(main())
