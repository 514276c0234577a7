"""The library door to the embedded stack, for tests, the demo and the command line."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from infra.local import control, supervisor
from infra.local.control import NotRunning
from infra.local.errors import PartError
from infra.local.paths import PROJECT, cache_dir, default_home
from infra.local.runner import READY, STOPPED, tail

OnStatus = Callable[[dict[str, Any]], None]
_POLL_SECONDS = 0.1


class StackError(PartError):
    """The stack could not be started; the message names the part, its log and the log's last lines."""


class AlreadyRunning(StackError):
    """Another supervisor owns this home folder."""


class Stack:
    """One embedded stack: its own home folder, its own ports, its own supervisor process.

    `parts` names what to run (with all it depends on; none: everything). `until_exit_of` is a process id whose end
    stops the stack, by default this process; 0 detaches it. With `fixed_ports` the usual ports are tried first.
    """

    def __init__(
        self,
        home: Path | None = None,
        parts: tuple[str, ...] = (),
        until_exit_of: int | None = None,
        fixed_ports: bool = False,
    ) -> None:
        self.home = (home or default_home()).resolve()
        self._parts = parts
        self._parent = os.getpid() if until_exit_of is None else until_exit_of
        self._fixed_ports = fixed_ports
        self._environment: dict[str, str] | None = None

    @property
    def env(self) -> dict[str, str]:
        """The SKUSTREAM_* variables for processes that use this stack."""
        if self._environment is None:
            self._environment = {
                name: value for name, value in self.status()["environment"].items() if name.startswith("SKUSTREAM_")
            }
        return self._environment

    def start(self, timeout: float = 600.0, on_status: OnStatus | None = None) -> Self:
        """Start the supervisor and return when every part is ready; raises AlreadyRunning or StackError (and stops)."""
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "logs").mkdir(exist_ok=True)
        ports = "fixed" if self._fixed_ports else "free"
        log = self.home / "logs" / "supervisor.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", supervisor.__name__, str(self.home), str(self._parent), ports, *self._parts],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                cwd=self.home, env={**python_environment(), "PYTHONPATH": str(PROJECT)},
            )  # fmt: skip
        try:
            self._wait_until_up(process, time.monotonic() + timeout)
            self._settle(time.monotonic() + timeout, on_status)
        except AlreadyRunning:
            raise
        except BaseException:
            process.send_signal(signal.SIGTERM)
            process.wait()
            raise
        return self

    def stop(self, timeout: float = 60.0) -> None:
        """Stop every part and the supervisor; nothing happens when the stack is not running."""
        try:
            pid = int(self.status()["pid"])
            ended = os.pidfd_open(pid)
            control.call(self.home, "shutdown")
        except (NotRunning, ProcessLookupError):
            return
        try:
            _wait_for_end(ended, pid, timeout)
        finally:
            os.close(ended)

    def status(self) -> dict[str, Any]:
        """The status document of the supervisor; raises NotRunning."""
        return control.call(self.home, "status")

    def require(self, *parts: str, timeout: float = 300.0) -> None:
        """Start these parts, with what they depend on, if the stack does not have them; wait until all is ready."""
        control.call(self.home, "add", parts=parts)
        self._settle(time.monotonic() + timeout, None)

    def stop_part(self, part: str) -> None:
        """End one part in good order and keep it down."""
        control.call(self.home, "stop", part=part)

    def start_part(self, part: str, timeout: float = 90.0) -> None:
        """Start a part that was stopped or killed, and wait until it is ready."""
        control.call(self.home, "start", part=part)
        self.wait_for(part, READY, timeout)

    def restart_part(self, part: str, timeout: float = 90.0) -> None:
        """Stop and start one part, and wait until it is ready."""
        control.call(self.home, "restart", part=part)
        self.wait_for(part, READY, timeout)

    def kill_part(self, part: str, number: int = signal.SIGKILL, stay_down: bool = False) -> None:
        """Send a signal (kill -9) to a part's processes; the supervisor starts it again unless it is to stay down."""
        control.call(self.home, "kill", part=part, signal=int(number), stay_down=stay_down)
        if stay_down:
            self.wait_for(part, STOPPED, 30.0)

    def wait_for(self, part: str, state: str, timeout: float) -> None:
        """Wait until a part is in a state; raises StackError after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while (found := self.status()["parts"][part]["state"]) != state:
            if time.monotonic() > deadline:
                raise StackError(f"{part} is {found}, not {state}, after {timeout:.0f} s")
            time.sleep(_POLL_SECONDS)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _wait_until_up(self, process: "subprocess.Popen[bytes]", deadline: float) -> None:
        while time.monotonic() < deadline:
            code = process.poll()
            if code == supervisor.BUSY:
                raise AlreadyRunning(f"a stack already runs in {self.home}")
            if code is not None:
                lines = "\n".join(tail(self.home / "logs" / "supervisor.log", 15))
                raise StackError(f"the supervisor ended with exit code {code}:\n{lines}")
            try:
                if self.status()["pid"] == process.pid:
                    return
            except NotRunning:
                time.sleep(_POLL_SECONDS / 2)
        raise StackError("the supervisor did not answer in time")

    def _settle(self, deadline: float, on_status: OnStatus | None) -> None:
        while True:
            status = self.status()
            if on_status:
                on_status(status)
            if status["failing"]:
                raise StackError(failure(status))
            if status["ready"]:
                return
            if time.monotonic() > deadline:
                raise StackError(f"the stack was not ready in time\n{failure(status)}")
            time.sleep(_POLL_SECONDS)


def python_environment() -> dict[str, str]:
    """This process's environment, with compiled modules kept in the cache: a dozen processes start at once, and without
    it each compiles hundreds of files on every start (half of the stack's start-up on two cores)."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**env, "PYTHONPYCACHEPREFIX": str(cache_dir() / "pycache")}


def failure(status: dict[str, Any]) -> str:
    """Words for the parts that are not ready: the reason, the log, the log's last lines."""
    texts = []
    for name, part in status["parts"].items():
        if part["state"] == "failing" or (not status["failing"] and part["state"] != READY):
            lines = "".join(f"\n    {line}" for line in part["last_lines"])
            texts.append(
                f"{name} is {part['state']}: {part['error'] or 'no reason known'}\n  log: {part['log']}{lines}"
            )
    return "\n".join(texts)


def _wait_for_end(descriptor: int, pid: int, timeout: float) -> None:
    import select

    if not select.select([descriptor], [], [], timeout)[0]:
        os.kill(pid, signal.SIGKILL)
        raise StackError(f"the supervisor did not stop within {timeout:.0f} s and was killed")


__all__ = ["AlreadyRunning", "NotRunning", "OnStatus", "Stack", "StackError", "failure"]
