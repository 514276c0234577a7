"""What a part of the embedded stack is: the protocol the supervisor drives, and the site it is given."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infra.local import launch
from infra.local.errors import PartError

Environment = dict[str, str]


@dataclass(frozen=True)
class OsUser:
    """An OS user that a program runs as."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Command:
    """A program to run: arguments, additions to the environment, and the signals that end it."""

    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    user: OsUser | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 15.0
    death_signal: signal.Signals = signal.SIGKILL

    def launched(self) -> list[str]:
        """The arguments with the launcher before them: the program dies when this process does."""
        uid, gid = (self.user.uid, self.user.gid) if self.user else (-1, -1)
        wrapper = [sys.executable, "-I", "-S", launch.__file__]
        return [*wrapper, str(os.getpid()), str(int(self.death_signal)), str(uid), str(gid), *self.argv]


@dataclass(frozen=True)
class Site:
    """Everything a part may know of the stack it belongs to."""

    home: Path
    cache: Path
    ports: Mapping[str, int]
    secrets: Mapping[str, str]
    environment: Mapping[str, str]

    def folder(self, part: str) -> Path:
        """The part's own data folder, made when it is not there."""
        path = self.home / "data" / part
        path.mkdir(parents=True, exist_ok=True)
        return path

    def log(self, part: str) -> Path:
        """The file that takes what the part prints."""
        return self.home / "logs" / f"{part}.log"

    def port(self, part: str, name: str = "main") -> int:
        """The port of a part; KeyError when the part is not in this stack."""
        return self.ports[f"{part}.{name}"]

    def run(self, part: str, command: Command) -> None:
        """Run a program to its end, its output in the part's log; raises PartError when it fails."""
        with self.log(part).open("ab") as log:
            result = subprocess.run(
                command.launched(), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                env={**os.environ, **self.environment, **command.environment}, check=False,
            )  # fmt: skip
        if result.returncode != 0:
            raise PartError(f"{Path(command.argv[0]).name} ended with exit code {result.returncode}")


class Part:
    """One part of the stack. The class attributes and methods below are the whole protocol; the defaults do nothing."""

    name: str
    depends_on: tuple[str, ...] = ()
    ports: tuple[tuple[str, int], ...] = ()
    """Name of each port, and the number that is tried first."""
    bundles: tuple[str, ...] = ()
    """Names of the bundles of the manifest that are downloaded for it."""
    start_seconds: float = 240.0
    """Longest time from start to ready; generous, since a machine may be busy and an exit is noticed at once."""

    def prepare(self, site: Site) -> None:
        """Work that needs no other part: unpack, write configuration, make a data folder. Blocking."""

    def set_up(self, site: Site) -> None:
        """Work that needs the parts it depends on, done before each start of the stack. Blocking."""

    def command(self, site: Site) -> Command | None:
        """The program to keep running; None for a part that is ready once it is set up."""
        return None

    def ready(self, site: Site) -> bool:
        """Whether the running part does its work now. Blocking, short; OSError counts as not yet."""
        return True

    def settle(self, site: Site) -> None:
        """Work at low priority once the part is ready, for the sake of later starts. Blocking."""

    def environment(self, site: Site) -> Environment:
        """The SKUSTREAM_* variables that this part offers to all others."""
        return {}
