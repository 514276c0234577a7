"""Loopback ports: is one free, and which to take instead."""

import random
import socket

# below the range that Linux gives to outgoing connections, so that none of those takes a port between choice and use
_LOWEST, _HIGHEST = 20_000, 32_000
_chooser = random.SystemRandom()


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def is_listening(port: int) -> bool:
    """Whether something accepts connections on this loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port(taken: set[int]) -> int:
    """A free loopback port that is not in `taken`; raises OSError when 200 tries find none."""
    for _ in range(200):
        port = _chooser.randint(_LOWEST, _HIGHEST)
        if port not in taken and is_free(port):
            return port
    raise OSError(f"no free port between {_LOWEST} and {_HIGHEST}")


def choose(wanted: int | None, taken: set[int]) -> int:
    """The wanted port when it is free, else another one that is."""
    if wanted is not None and wanted not in taken and is_free(wanted):
        return wanted
    return free_port(taken)
