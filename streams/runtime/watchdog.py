"""A worker can be slow, but never silently dead: what is under way has a deadline, and passing one ends the process.

A process that was paused (SIGSTOP, a frozen machine) finds out in the same way: this thread's own clock jumped.
"""

import threading
import time
from collections.abc import Callable

from streams.runtime.errors import Exit

TICK = 0.1


class Watchdog:
    """``limit`` seconds is what handler, event loop and pauses may take: a third of the group's session timeout."""

    def __init__(self, limit: float, end: Callable[[Exit, str], None]) -> None:
        self.limit, self._end = limit, end
        self._deadlines: dict[str, tuple[float, float]] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End it; for tests and for a clean shutdown."""
        self._stopped.set()

    def expect(self, what: str, seconds: float | None = None) -> None:
        """``what`` will be done, or announced anew, within so many seconds (by default the limit)."""
        allowed = self.limit if seconds is None else seconds
        self._deadlines[what] = (time.monotonic() + allowed, allowed)

    def done(self, what: str) -> None:
        """It is done, or no longer under way."""
        self._deadlines.pop(what, None)

    def check(self, now: float) -> str | None:
        """What is overdue, in words."""
        for what, (deadline, allowed) in list(self._deadlines.items()):
            if now > deadline:
                return f"no progress: {what} took longer than {allowed:.1f} s"
        return None

    def _watch(self) -> None:
        last = time.monotonic()
        while not self._stopped.wait(TICK):
            now = time.monotonic()
            late = f"the process was paused for {now - last:.1f} s" if now - last > self.limit else self.check(now)
            if late:
                self._end(Exit.STALLED, f"{late}; ending, so that a fresh process takes over")
            last = time.monotonic()
