"""Outlives a supervisor that was killed, just long enough to kill what it left: children of children too.

A script of its own: reaper.py MARK, with a pipe as standard input that only the supervisor holds open.
"""

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

_ROUNDS, _PAUSE_SECONDS = 50, 0.1


def marked(mark: str) -> list[int]:
    """The ids of all processes with this text among their environment, except our own."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int(folder.name) != os.getpid() and mark.encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def main(mark: str) -> None:
    """Wait until the supervisor is gone, then kill until nobody is left; a fork may be a step ahead of us."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    for _ in range(_ROUNDS):
        left = marked(mark)
        if not left:
            return
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_PAUSE_SECONDS)


if __name__ == "__main__":
    main(sys.argv[1])
