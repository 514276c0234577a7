"""The console's reader of ClickHouse: rates and stories from the views, or a clear word on why there are none."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from infra.console.store import Row

TIMEOUT = 5
RETRY_SECONDS = 5.0
STORY_ROWS = 200


class Away(Exception):
    """ClickHouse cannot be asked now; the message says why, in words for the page."""


@dataclass
class Rates:
    """What ClickHouse says of the last 24 hours; `problem` is empty when all of it could be read."""

    stock_error: Row | None = None
    cancellation: Row | None = None
    causes: list[Row] = field(default_factory=list)
    oversells: int | None = None
    freshness: list[Row] = field(default_factory=list)
    problem: str = "ClickHouse has not been asked yet"


class History:
    """One lazily made client; safe to use from several threads, one query at a time."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: Client | None = None
        self._lock = threading.Lock()
        self._retry_at = 0.0
        self._reason = "SKUSTREAM_CLICKHOUSE_READ is not set, so rates and stories are not shown"

    def query(self, sql: str, **parameters: Any) -> list[Row]:
        """The rows as plain dicts. Raises Away."""
        with self._lock:
            if not self._url or time.monotonic() < self._retry_at:
                raise Away(self._reason)
            try:
                if self._client is None:
                    self._client = self._connect()
                result = self._client.query(sql, parameters=parameters)
                return [dict(zip(result.column_names, row, strict=True)) for row in result.result_rows]
            except (ClickHouseError, OSError) as error:
                raise Away(self._away(error)) from error

    def close(self) -> None:
        """Let go of the connections."""
        with self._lock:
            if self._client is not None:
                self._client.close()

    def _connect(self) -> Client:
        url = urlsplit(self._url)
        return clickhouse_connect.get_client(
            host=url.hostname or "127.0.0.1", port=url.port or 8123, interface=url.scheme,
            username=unquote(url.username or "default"), password=unquote(url.password or ""),
            database=url.path.strip("/") or "default", connect_timeout=2, send_receive_timeout=TIMEOUT,
            autogenerate_session_id=False, query_limit=0, client_name="skustream-console",
        )  # fmt: skip

    def _away(self, error: Exception) -> str:
        text = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
        if "UNKNOWN_TABLE" in str(error) or "UNKNOWN_FUNCTION" in str(error) or "does not exist" in str(error):
            return f"ClickHouse answers, but its tables are not there yet ({text})"
        if "server response" in text:
            return f"ClickHouse answers with an error ({text})"
        url = urlsplit(self._url)
        self._retry_at = time.monotonic() + RETRY_SECONDS
        self._reason = f"ClickHouse does not answer at {url.hostname}:{url.port}"
        return self._reason
