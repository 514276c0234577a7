"""What a change of a contract would break, by Avro's own rules and without a registry. For development only."""

import json
from typing import Any

from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from avro.schema import Schema, parse

Json = dict[str, Any]


def breaks(published: Json, changed: Json) -> list[str]:
    """Why the two schemas are not compatible in both directions (FULL); empty where they are."""
    old, new = parse(json.dumps(published)), parse(json.dumps(changed))
    return [
        *(f"the new version cannot read what was written: {why}" for why in _unreadable(reader=new, writer=old)),
        *(f"published readers cannot read the new version: {why}" for why in _unreadable(reader=old, writer=new)),
    ]


def _unreadable(reader: Schema, writer: Schema) -> list[str]:
    checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]
    result = checker.get_compatibility(reader, writer)
    if result.compatibility is SchemaCompatibilityType.compatible:
        return []
    kinds = ", ".join(kind.value for kind in result.incompatibilities)
    return sorted(f"{message} ({kinds})" for message in result.messages) or [kinds]
