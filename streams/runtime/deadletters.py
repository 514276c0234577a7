"""Dead letters: the record's own key and bytes, with headers that say where it came from and why it failed."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from streams.runtime.claims import WINDOW, Tally
from streams.runtime.errors import Exit, Stop

SUFFIX = ".dlq"
MESSAGE_LIMIT = 1000
Headers = Sequence[tuple[str, bytes | None]]


@dataclass(frozen=True)
class Failure:
    """Why a record failed."""

    stage: str
    error: BaseException | str

    @property
    def error_class(self) -> str:
        """The exception's class, or a general word for a reason given as text."""
        if not isinstance(self.error, BaseException):
            return "Rejected"
        kind = type(self.error)
        return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def topic_of(topic: str) -> str:
    """Where the dead letters of a topic go."""
    return topic + SUFFIX


def headers_of(record: Any, failure: Failure, version: str) -> Headers:
    """The record's own headers and ours. One that was redriven and fails again keeps its first date and counts on."""
    own: Sequence[tuple[str, bytes | None]] = record.headers or ()
    before = dict(own)
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    earlier = before.get("x-attempts") or b"0"
    attempts = int(earlier) + 1 if earlier.isdigit() else 1
    ours = {
        "x-original-topic": record.topic,
        "x-original-partition": str(record.partition),
        "x-original-offset": str(record.offset),
        "x-original-timestamp": str(record.timestamp),
        "x-error-class": failure.error_class,
        "x-error-message": str(failure.error)[:MESSAGE_LIMIT],
        "x-error-stage": failure.stage,
        "x-attempts": str(attempts),
        "x-app-version": version,
    }
    made: list[tuple[str, bytes | None]] = [
        (name, value.encode(errors="backslashreplace")) for name, value in ours.items()
    ]
    made.append(("x-first-failed-at", before.get("x-first-failed-at") or now.encode()))
    names = {name for name, _ in made}
    return [(name, value) for name, value in own if name not in names] + made


@dataclass(frozen=True)
class Limit:
    """When failures are so many that the code must be at fault: the worker stops before it pours out the topic."""

    streak: int
    ratio: float

    def check(self, tally: Tally, where: str, last: Failure | None) -> None:
        """Raises Stop(DEAD_LETTERS)."""
        why = ""
        if tally.streak > self.streak:
            why = f"{tally.streak} records in a row failed (limit {self.streak})"
        elif tally.seen >= WINDOW // 2 and tally.failed > self.ratio * tally.seen:
            why = f"{tally.failed} of the last {tally.seen} records failed (limit {self.ratio:.0%})"
        if why:
            reason = f"; the last one: {last.error_class} at {last.stage}: {last.error}" if last else ""
            raise Stop(Exit.DEAD_LETTERS, f"{where}: {why}{reason}. Nothing of this batch was committed.")
