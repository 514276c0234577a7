"""HTTP calls to a shop: at the rate its platform allows, and what an answer means in terms of CallFailed."""

import email.utils
import time
from collections.abc import Mapping
from typing import Any

import httpx
from aiolimiter import AsyncLimiter

from connectors.platforms.contract import Limits, Refused, Throttled, Unavailable

TOO_MANY = 429
SERVER_ERROR = 500
CLIENT_ERROR = 400
DEFAULT_WAIT_S = 2.0
LONGEST_WAIT_S = 300.0


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float:
    """Seconds to wait as the Retry-After header says, in seconds or as a date; 2 s when it says nothing."""
    said = headers.get("retry-after", "").strip()
    if not said:
        return DEFAULT_WAIT_S
    try:
        wait = float(said)
    except ValueError:
        try:
            date = email.utils.parsedate_to_datetime(said)
        except ValueError:
            return DEFAULT_WAIT_S
        wait = date.timestamp() - (time.time() if now is None else now)
    return min(max(wait, 0.0), LONGEST_WAIT_S)


class RatedCaller:
    """contract.Caller over httpx: a token bucket of ``limits.burst``, filled at ``limits.calls_per_second``."""

    def __init__(self, http: httpx.AsyncClient, limits: Limits) -> None:
        self._http = http
        self._limiter = AsyncLimiter(limits.burst, limits.burst / limits.calls_per_second)
        self._reserved = 0

    async def reserve(self, calls: int) -> None:
        """Take places ahead for the next calls; they stay taken if fewer are made."""
        missing = calls - self._reserved
        if missing > 0:
            await self._limiter.acquire(missing)
            self._reserved += missing

    async def send(self, request: httpx.Request) -> httpx.Response:
        """Wait for a place, send, judge. Redirects are not followed. Raises Throttled, Unavailable or Refused."""
        if self._reserved:
            self._reserved -= 1
        else:
            await self._limiter.acquire()
        try:
            answer = await self._http.send(request, follow_redirects=False)
        except httpx.HTTPError as error:
            raise Unavailable(f"{request.method} {request.url.path}: {error!r}") from error
        if answer.status_code == TOO_MANY:
            raise Throttled(retry_after(answer.headers))
        if answer.status_code >= SERVER_ERROR:
            raise Unavailable(f"{request.method} {request.url.path}: {answer.status_code}")
        if answer.status_code >= CLIENT_ERROR or answer.is_redirect:
            raise Refused(f"{request.method} {request.url.path}: {answer.status_code} {answer.text[:300]}")
        return answer


def json_of(answer: httpx.Response) -> Any:
    """The answer's JSON. Raises Unavailable: a proxy's error page instead of JSON passes."""
    try:
        return answer.json()
    except ValueError as error:
        raise Unavailable(f"{answer.request.url.path}: the answer is not JSON") from error
