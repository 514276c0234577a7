"""A real worker with a fault built in: ``LEDGER_FAULT=point:action:nth[:argument]``, several divided by commas."""

import os
import random
import signal
import threading
import time
from collections import Counter
from typing import Any

from streams import worker
from streams.runtime import faultpoints
from streams.runtime.lease import Portion
from streams.runtime.watchdog import Watchdog


class Faults:
    """Counts visits of each point and acts on the n-th, or at random with ``nth`` below one."""

    def __init__(self, text: str, seed: int) -> None:
        self._faults = [part.split(":") for part in text.split(",") if part]
        self._visits: Counter[str] = Counter()
        self._dice = random.Random(seed)

    def __call__(self, point: str, thing: Any) -> None:
        """The hook."""
        if point == "taken" and not thing:
            return
        self._visits[point] += 1
        for at, action, nth, *rest in self._faults:
            due = self._dice.random() < float(nth) if float(nth) < 1 else self._visits[point] == int(nth)
            if at == point and due:
                getattr(self, f"_{action}")(thing, *rest)

    def _kill(self, _: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def _stop(self, _: Any) -> None:
        os.kill(os.getpid(), signal.SIGSTOP)

    def _raise(self, _: Any) -> None:
        raise RuntimeError("injected")

    def _hang(self, _: Any, seconds: str) -> None:
        threading.Event().wait(float(seconds))

    def _spin(self, _: Any, seconds: str) -> None:
        time.sleep(float(seconds))

    def _hole(self, portions: list[Portion]) -> None:
        """As if the first half of what was fetched had been lost on the way."""
        first = portions[0]
        kept = first.records[len(first.records) // 2 + 1 :]
        start = kept[0].offset if kept else first.end
        portions[0] = Portion(first.tp, start, kept, first.end)


def main() -> None:
    """Install the faults and serve."""
    text = os.environ.get("LEDGER_FAULT", "")
    if text:
        faultpoints.hook = Faults(text, int(os.environ.get("LEDGER_SEED", "1")))
    if os.environ.get("LEDGER_WATCHDOG") == "off":
        Watchdog.start = lambda self: None  # type: ignore[method-assign]
    worker.main(["tests.faults.ledger:unit"])


if __name__ == "__main__":
    main()
