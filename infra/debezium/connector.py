"""From a connector's template to a running connector."""

import json
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx

_FOLDER = Path(__file__).parent


class ConnectorError(Exception):
    """Kafka Connect refused the configuration, or the connector failed; the message is Connect's own."""


def connector_config(erp: str, database_url: str) -> dict[str, str]:
    """The configuration of the ERP's connector with this database in it.

    ``database_url``: ``postgresql://USER:PASSWORD@HOST:PORT/DATABASE``; its user may replicate and publish.
    """
    parts = urlsplit(database_url)
    values = {
        "host": parts.hostname or "",
        "port": str(parts.port or 5432),
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "database": parts.path.strip("/"),
    }
    template: dict[str, str] = json.loads((_FOLDER / f"{erp}.json").read_text(encoding="utf-8"))
    return {name: Template(value).substitute(values) for name, value in template.items()}


def put_connector(connect_url: str, name: str, config: Mapping[str, str]) -> None:
    """Create the connector or change it to ``config``; may be repeated. Raises ConnectorError, httpx.HTTPError."""
    response = httpx.put(f"{connect_url}/connectors/{name}/config", json=dict(config), timeout=30, trust_env=False)
    if response.is_error:
        raise ConnectorError(f"{name}: {response.text[:1000]}")


def connector_is_running(connect_url: str, name: str) -> bool:
    """True when the connector and its task run. Raises ConnectorError with the trace when one has failed."""
    response = httpx.get(f"{connect_url}/connectors/{name}/status", timeout=10, trust_env=False)
    if response.status_code == httpx.codes.NOT_FOUND:
        return False
    response.raise_for_status()
    status: dict[str, Any] = response.json()
    parts = [status["connector"], *status["tasks"]]
    for part in parts:
        if part["state"] == "FAILED":
            raise ConnectorError(f"{name}: {part.get('trace', '')[:2000]}")
    return len(parts) > 1 and all(part["state"] == "RUNNING" for part in parts)
