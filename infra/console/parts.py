"""What the local supervisor says of the parts and processes it runs; nothing where there is no supervisor."""

from dataclasses import dataclass
from pathlib import Path

from infra.local import control
from infra.local.errors import PartError

GOOD = ("ready",)
SECONDS = 2.0


@dataclass(frozen=True)
class PartState:
    """One part: `tone` is good, warn or bad."""

    name: str
    state: str
    tone: str
    restarts: int
    error: str


def ask(home: Path | None) -> list[PartState]:
    """The parts of the local stack, empty when it is not run by a supervisor (or that one is away). Blocking."""
    if home is None:
        return []
    try:
        status = control.call(home, "status", timeout=SECONDS)
    except (PartError, OSError) as error:
        return [PartState("supervisor", "does not answer", "bad", 0, str(error))]
    return [
        PartState(name, part["state"], _tone(part["state"]), int(part["restarts"]), str(part["error"] or ""))
        for name, part in status["parts"].items()
    ]


def _tone(state: str) -> str:
    if state in GOOD:
        return "good"
    return "bad" if state in ("failing", "stopped") else "warn"
