"""The market process as the demo sees it."""

from typing import Any

import httpx


class Market:
    """A client of the market's own API on loopback."""

    def __init__(self, port: str) -> None:
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10.0, trust_env=False)

    def status(self) -> dict[str, Any]:
        """Counts, and what is still under way."""
        return self._read("/status")

    def keys(self) -> list[str]:
        """Order keys of the last run."""
        return list(self._read("/keys")["keys"])

    def start(self, orders: int, seed: int, per_second: float) -> None:
        """Begin a run. Raises httpx.HTTPStatusError (409) when one is under way."""
        body = {"orders": orders, "seed": seed, "per_second": per_second}
        self._http.post("/runs", json=body).raise_for_status()

    def _read(self, path: str) -> dict[str, Any]:
        response = self._http.get(path)
        response.raise_for_status()
        found: dict[str, Any] = response.json()
        return found
