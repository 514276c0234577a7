"""Schemas from the registry by the standard library: the full client alone would be 21 MB of the page's 120."""

import json
import urllib.error
import urllib.request
from typing import Any

from schemas.codec import SchemaUnavailable, UndecodableRecord

NOT_FOUND = 404
SECONDS = 5.0


class ReadOnlyIds:
    """SchemaIds for a process that decodes and never encodes."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def id_of(self, record: str) -> int:
        """Nothing is written from here. Raises SchemaUnavailable."""
        raise SchemaUnavailable(f"the console writes no records, so no {record}")

    def schema_of(self, schema_id: int) -> dict[str, Any]:
        """The writer's schema; the codec keeps it, so each id is asked once."""
        try:
            with urllib.request.urlopen(f"{self._url}/schemas/ids/{schema_id}", timeout=SECONDS) as answer:  # noqa: S310
                found: dict[str, Any] = json.loads(json.load(answer)["schema"])
                return found
        except urllib.error.HTTPError as error:
            if error.code == NOT_FOUND:
                raise UndecodableRecord(f"schema id {schema_id} is not in the registry") from error
            raise SchemaUnavailable(f"registry {self._url}: {error}") from error
        except (OSError, ValueError, KeyError) as error:
            raise SchemaUnavailable(f"registry {self._url}: {error}") from error
