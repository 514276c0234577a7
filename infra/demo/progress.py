"""How the demo shows that it is alive: a bar on a terminal, a line now and then elsewhere; always on stderr."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator

from infra.demo.story import Progress

EVERY_SECONDS = 5.0


@contextlib.contextmanager
def bars() -> Iterator[Progress]:
    """A function that takes the phase, what is done and of how much."""
    if not sys.stderr.isatty() or any(os.environ.get(name) for name in ("NO_COLOR", "CI")):
        yield _lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:32}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        tasks = {}

        def show(phase: str, done: int, total: int) -> None:
            if phase not in tasks:
                tasks[phase] = progress.add_task(phase, total=total)
            progress.update(tasks[phase], completed=done, total=total)

        yield show


def _lines() -> Progress:
    last: dict[str, float] = {}

    def show(phase: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - last.get(phase, 0.0) >= EVERY_SECONDS or done == total:
            last[phase] = now if done != total else now + EVERY_SECONDS * 1000
            sys.stderr.write(f"{phase}: {done} of {total}\n")

    return show
