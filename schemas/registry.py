"""The schema registry: registers every contract, and answers which id is which schema."""

import json
from typing import Any

from confluent_kafka.schema_registry import ConfigCompatibilityLevel, Schema, SchemaRegistryClient, ServerConfig
from confluent_kafka.schema_registry.error import SchemaRegistryError
from httpx2 import HTTPError  # what confluent-kafka's client raises when nobody answers

from schemas.avro_schema import record_name, schema_of
from schemas.codec import SchemaUnavailable, UndecodableRecord
from schemas.events import EVENTS
from schemas.events.base import Record
from schemas.topics import TOPICS

COMPATIBILITY = ConfigCompatibilityLevel.FULL_TRANSITIVE
NO_SUCH_SCHEMA = 40403
"""The registry's own code. A bare 404 is a wrong address, and no reason to dead-letter a record."""
CONFLICT = 409


class IncompatibleSchema(RuntimeError):
    """A contract was changed in a way that breaks its readers or writers."""


def subjects() -> list[tuple[str, type[Record]]]:
    """Every subject (TopicRecordNameStrategy) and its contract."""
    return [(f"{topic.name}-{record_name(record)}", record) for topic in TOPICS for record in topic.records]


class Registry:
    """SchemaIds on a Confluent-compatible registry. Ids are kept for the life of the process."""

    def __init__(self, url: str, timeout: float = 10.0) -> None:
        self.url = url
        self._client = SchemaRegistryClient({"url": url, "timeout": timeout, "max.retries": 2})
        self._ids: dict[str, int] = {}
        self._schemas: dict[int, dict[str, Any]] = {}

    def register_all(self) -> dict[str, int]:
        """Register every contract under every subject. Raises IncompatibleSchema or SchemaUnavailable."""
        try:
            self._client.set_config(config=ServerConfig(compatibility=COMPATIBILITY))
        except (SchemaRegistryError, HTTPError, OSError) as error:
            raise SchemaUnavailable(f"registry {self.url}: {error}") from error
        return {subject: self._register(subject, record) for subject, record in subjects()}

    def id_of(self, record: str) -> int:
        """Register the record under its first subject if need be, and return its id."""
        if record not in self._ids:
            by_name = {r.__name__: (subject, r) for subject, r in reversed(subjects())}
            subject, contract = by_name[record]
            self._ids[record] = self._register(subject, contract)
        return self._ids[record]

    def schema_of(self, schema_id: int) -> dict[str, Any]:
        """The schema registered under an id."""
        if schema_id not in self._schemas:
            try:
                found = self._client.get_schema(schema_id)
            except SchemaRegistryError as error:
                if error.error_code == NO_SUCH_SCHEMA:
                    raise UndecodableRecord(f"schema id {schema_id} is not in the registry") from error
                raise SchemaUnavailable(f"registry {self.url}: {error}") from error
            except (HTTPError, OSError) as error:
                raise SchemaUnavailable(f"registry {self.url}: {error}") from error
            self._schemas[schema_id] = json.loads(str(found.schema_str))
        return self._schemas[schema_id]

    def _register(self, subject: str, record: type[Record]) -> int:
        schema = Schema(json.dumps(schema_of(record)), "AVRO")
        try:
            return int(self._client.register_schema(subject, schema))
        except SchemaRegistryError as error:
            if error.http_status_code == CONFLICT:
                raise IncompatibleSchema(f"{subject}: {error.error_message}; add fields with defaults only") from error
            raise SchemaUnavailable(f"registry {self.url}: {error}") from error
        except (HTTPError, OSError) as error:
            raise SchemaUnavailable(f"registry {self.url}: {error}") from error


class FixedIds:
    """SchemaIds without a server, for unit tests and benches: ids in the order of EVENTS, from 1."""

    def __init__(self) -> None:
        self._names = [record.__name__ for record in EVENTS]

    def id_of(self, record: str) -> int:
        """The place of the record in EVENTS."""
        return self._names.index(record) + 1

    def schema_of(self, schema_id: int) -> dict[str, Any]:
        """This version's schema."""
        if not 0 < schema_id <= len(self._names):
            raise UndecodableRecord(f"schema id {schema_id} is unknown")
        return schema_of(EVENTS[schema_id - 1])
