"""What the harness has to know of a peer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Job:
    """One run of a peer: where to read, where to write, what to call itself, where to keep its state."""

    brokers: str
    input: str
    output: str
    name: str
    state: Path


@dataclass(frozen=True)
class Peer:
    """``command`` and ``environment`` start one worker process of the peer. ``topics``: what else it needs, by run."""

    name: str
    command: Callable[[Job], list[str]]
    environment: Callable[[Job], dict[str, str]]
    topics: Callable[[Job], tuple[str, ...]] = field(default=lambda job: ())
