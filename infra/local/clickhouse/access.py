"""Who may do what: one token that reads and writes, one that only reads."""

import binascii
import hmac
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass

from infra.local.clickhouse.errors import AUTHENTICATION_FAILED, REQUIRED_PASSWORD, EngineError


@dataclass(frozen=True)
class Tokens:
    """The two tokens; without a read-only one nobody reads but with the other."""

    read_write: str
    read_only: str | None = None

    def may_write(self, headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
        """True for the read-write token, False for the read-only one; EngineError (401, 403) for any other."""
        given = _given(headers, query)
        if given is None:
            raise EngineError(REQUIRED_PASSWORD, "Give a token: as password, as X-ClickHouse-Key or as ?password=")
        if _same(given, self.read_write):
            return True
        if self.read_only is not None and _same(given, self.read_only):
            return False
        raise EngineError(AUTHENTICATION_FAILED, "Authentication failed: the token is not known")


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def _given(headers: Mapping[str, str], query: Mapping[str, str]) -> str | None:
    scheme, _, value = headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            raise EngineError(AUTHENTICATION_FAILED, "Authentication failed: the basic header is damaged") from None
    return headers.get("X-ClickHouse-Key") or query.get("password")
