"""STAND-IN: what goes wrong between a shop and the gateway, on demand and from a seed."""

from dataclasses import dataclass, fields, replace
from random import Random
from typing import Any


@dataclass(frozen=True)
class Faults:
    """Probabilities per webhook, and per admin call for the last three; delays in seconds."""

    duplicate: float = 0.0
    reorder: float = 0.0
    delay: float = 0.0
    drop: float = 0.0
    stale: float = 0.0
    """An older body of the same order comes once more afterwards."""
    throttle: float = 0.0
    """429 from the admin API."""
    fail: float = 0.0
    """500 from the admin API."""
    fail_after: float = 0.0
    """500 from the admin API although the call was carried out."""
    delay_up_to_s: float = 3.0
    reorder_by_s: float = 0.5

    def changed(self, given: dict[str, Any]) -> "Faults":
        """A copy with some figures replaced. Raises ValueError for a name or figure that makes no sense."""
        names = {f.name for f in fields(self)}
        for name, value in given.items():
            if name not in names or not isinstance(value, int | float) or value < 0:
                raise ValueError(f"{name}={value!r}; faults are {', '.join(sorted(names))}, none below 0")
        return replace(self, **{name: float(value) for name, value in given.items()})


@dataclass(frozen=True)
class Fate:
    """What happens to one webhook."""

    is_dropped: bool
    copies: int
    wait_s: float
    is_stale_again: bool


class Dice:
    """Draws in the order of the calls: the same seed and the same calls give the same fates."""

    def __init__(self, seed: int, name: str, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self._webhooks = Random(f"{seed} {name} webhooks")
        self._calls = Random(f"{seed} {name} calls")

    def fate(self) -> Fate:
        """What happens to the next webhook; always the same number of draws."""
        f, draw = self.faults, [self._webhooks.random() for _ in range(6)]
        wait = draw[5] * f.delay_up_to_s if draw[2] < f.delay else 0.0
        wait += f.reorder_by_s if draw[1] < f.reorder else 0.0
        return Fate(draw[3] < f.drop, 2 if draw[0] < f.duplicate else 1, wait, draw[4] < f.stale)

    def call(self) -> str:
        """What happens to the next admin call: ``ok``, ``throttle``, ``fail`` or ``fail_after``."""
        draw = self._calls.random()
        for name in ("throttle", "fail", "fail_after"):
            odds: float = getattr(self.faults, name)
            if draw < odds:
                return name
            draw -= odds
        return "ok"
