"""Schema ids that outlive the registry: asked once, kept on disk, so that a restart does not need it."""

import hashlib
import json
from pathlib import Path
from typing import Any

import structlog

from schemas.avro_schema import schema_of
from schemas.codec import SchemaIds, SchemaUnavailable
from schemas.events import EVENTS

log = structlog.get_logger()
FINGERPRINTS = {
    record.__name__: hashlib.sha256(json.dumps(schema_of(record), sort_keys=True).encode()).hexdigest()
    for record in EVENTS
}


class CachedIds:
    """SchemaIds in front of a registry. An id on disk counts only for the very schema it was given for."""

    def __init__(self, registry: SchemaIds, path: Path) -> None:
        self._registry = registry
        self._path = path
        self._ids: dict[str, int] = {}
        self._schemas: dict[int, dict[str, Any]] = {}
        self._known = self._read()

    def id_of(self, record: str) -> int:
        """The registry's answer; the one on disk when the registry is away. Raises SchemaUnavailable without both."""
        if record not in self._ids:
            try:
                self._ids[record] = self._registry.id_of(record)
            except SchemaUnavailable as error:
                kept = self._known.get(f"{record}:{FINGERPRINTS[record]}")
                if kept is None:
                    raise
                log.warning("the registry is away: a schema id from disk is used", record=record, problem=str(error))
                self._ids[record] = int(kept)
            else:
                self._keep(f"{record}:{FINGERPRINTS[record]}", self._ids[record])
        return self._ids[record]

    def schema_of(self, schema_id: int) -> dict[str, Any]:
        """The writer's schema as the registry, or the disk, has it."""
        if schema_id not in self._schemas:
            try:
                self._schemas[schema_id] = self._registry.schema_of(schema_id)
            except SchemaUnavailable:
                kept = self._known.get(f"schema:{schema_id}")
                if kept is None:
                    raise
                self._schemas[schema_id] = kept
            else:
                self._keep(f"schema:{schema_id}", self._schemas[schema_id])
        return self._schemas[schema_id]

    def _read(self) -> dict[str, Any]:
        try:
            known = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except ValueError as error:
            log.warning("the kept schema ids are not readable and are forgotten", problem=str(error))
            return {}
        return known if isinstance(known, dict) else {}

    def _keep(self, name: str, value: Any) -> None:
        if self._known.get(name) == value:
            return
        self._known[name] = value
        self._path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._path.with_suffix(".tmp")
        unfinished.write_text(json.dumps(self._known))
        unfinished.replace(self._path)
