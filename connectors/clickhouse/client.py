"""One way to connect: a URL such as http://default:TOKEN@host:port/skustream."""

from typing import Any
from urllib.parse import unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, InterfaceError, OperationalError

DEFAULT_DATABASE = "skustream"
UNKNOWN_TABLE = 60
UNKNOWN_DATABASE = 81
_BUSY = frozenset({159, 202, 209, 210, 241, 252, 319, 439, 999})
"""Codes of a busy server: timeouts, too many queries, memory, too many parts, no thread, no connection inside."""

Unavailable = (OperationalError, InterfaceError, OSError)
"""What the driver raises when the engine cannot be reached; to be tried again."""


def passes(error: Exception) -> bool:
    """Whether an error may be gone at the next try: an outage, or a busy server (outages are DatabaseErrors too)."""
    return not isinstance(error, DatabaseError) or isinstance(error, OperationalError) or error.code in _BUSY


class BadAddress(ValueError):
    """The URL is not one of an HTTP interface."""


def database_of(url: str) -> str:
    """The database that a URL names."""
    return urlsplit(url).path.strip("/") or DEFAULT_DATABASE


def connect(url: str, database: str | None = None, **settings: Any) -> Client:
    """A client over HTTP; `settings` go with every statement. Raises BadAddress, one of Unavailable, DatabaseError.

    Safe to use from several threads: no session is shared between statements.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadAddress("an address looks like http://default:TOKEN@host:port/skustream")
    return clickhouse_connect.get_client(
        interface=parts.scheme,
        host=parts.hostname,
        port=parts.port or (8443 if parts.scheme == "https" else 8123),
        username=unquote(parts.username or "default"),
        password=unquote(parts.password or ""),
        database=database or database_of(url),
        settings=settings,
        autogenerate_session_id=False,
        # on loopback packing costs more than sending
        compress=parts.hostname not in ("127.0.0.1", "localhost", "::1"),
        connect_timeout=5,
        send_receive_timeout=120,
    )


__all__ = [
    "UNKNOWN_DATABASE",
    "UNKNOWN_TABLE",
    "BadAddress",
    "Client",
    "DatabaseError",
    "Unavailable",
    "connect",
    "database_of",
    "passes",
]
