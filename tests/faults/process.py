"""Worker processes for the scenes, forked from a server that has imported everything: a start costs no imports."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.faults.worker"])


class Worker:
    """A running worker. Its exit code is negative if a signal ended it, as with subprocess."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self._process = _context.Process(target=_serve, args=(dict(environment), str(log)), daemon=True)
        self._process.start()
        self.pid = int(self._process.pid or 0)

    def code(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._process.exitcode

    def signal(self, number: int) -> None:
        """Send a signal, if it still runs."""
        if self.code() is None:
            os.kill(self.pid, number)

    def wait(self, seconds: float) -> int:
        """The exit code, once it has ended."""
        self._process.join(seconds)
        code = self.code()
        assert code is not None, f"still running after {seconds:.0f} s"
        return code


def _serve(environment: dict[str, str], log: str) -> None:
    os.setsid()
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for descriptor in (1, 2):
        os.dup2(output, descriptor)
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from tests.faults import worker

    worker.main()
    sys.exit(0)
