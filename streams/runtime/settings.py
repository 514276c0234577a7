"""A worker's settings, read from the environment once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from streams.runtime.errors import Exit, Stop

APP_VERSION = "0.1.0"


@dataclass(frozen=True)
class Settings:
    """Times in seconds. ``instance`` makes the worker a static member of its group: a restart is then no rebalance."""

    brokers: str
    state: Path
    registry: str = ""
    instance: str = ""
    session_timeout: float = 30.0
    transaction_timeout: float = 30.0
    pace: float = 0.015
    """Least time between the starts of two polls: more makes larger and fewer transactions, and adds latency."""
    poll_records: int = 4000
    """Most records of one partition in one transaction."""
    slice_records: int = 500
    """Most records that a handler sees at once."""
    cache_rows: int = 200_000
    """Rows of a partition of a table that stay decoded in memory, at most twice as many."""
    tries: int = 20
    dead_streak: int = 100
    """Stop when more records than this fail in a row."""
    dead_ratio: float = 0.2
    """Stop when more than this part of the last some hundred records failed."""
    app_version: str = APP_VERSION

    @classmethod
    def from_environ(cls, env: Mapping[str, str] = os.environ) -> Self:
        """Raises Stop(CONFIG) that names every variable that is missing or wrong."""
        wrong = [name for name in ("SKUSTREAM_BROKERS", "SKUSTREAM_STATE") if not env.get(name)]
        numbers: dict[str, float] = {}
        for field, kind in _NUMBERS.items():
            name = f"SKUSTREAM_{field.upper()}"
            if name in env:
                try:
                    numbers[field] = kind(env[name])
                except ValueError:
                    wrong.append(f"{name}={env[name]!r} (not a number)")
        if wrong:
            raise Stop(Exit.CONFIG, f"missing or wrong in the environment: {', '.join(wrong)}")
        return cls(
            brokers=env["SKUSTREAM_BROKERS"],
            state=Path(env["SKUSTREAM_STATE"]),
            registry=env.get("SKUSTREAM_REGISTRY", ""),
            instance=env.get("SKUSTREAM_INSTANCE", ""),
            app_version=env.get("SKUSTREAM_VERSION", APP_VERSION),
            **numbers,  # type: ignore[arg-type]
        )


_NUMBERS: dict[str, type[int] | type[float]] = {
    "session_timeout": float,
    "transaction_timeout": float,
    "pace": float,
    "poll_records": int,
    "slice_records": int,
    "cache_rows": int,
    "tries": int,
    "dead_streak": int,
    "dead_ratio": float,
}
