"""The life of one part: downloaded, prepared, started, watched, started again with back-off when it exits."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from infra.local.artifacts import fetch_all
from infra.local.errors import PartError
from infra.local.manifest import bundle
from infra.local.parts.contract import Command, Part, Site

WAITING, DOWNLOADING, PREPARING, STARTING, READY = "waiting", "downloading", "preparing", "starting", "ready"
RESTARTING, FAILING, STOPPING, STOPPED = "restarting", "failing", "stopping", "stopped"

_POLL_SECONDS = 0.1
_BACK_OFF_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
_EXITS_UNTIL_FAILING = 3
_STEADY_SECONDS = 20.0
_LAST_LINES = 15


@dataclass
class Status:
    """What is known of a part, as the status document shows it; times in seconds."""

    state: str = WAITING
    pid: int | None = None
    restarts: int = 0
    error: str = ""
    bytes_done: int = 0
    bytes_total: int = 0
    seconds: dict[str, float] = field(default_factory=dict)


class Runner:
    """Runs one part inside the supervisor's event loop."""

    def __init__(self, part: Part, site: Site, others: Mapping[str, "Runner"]) -> None:
        self.part = part
        self.status = Status()
        self.is_ready = asyncio.Event()
        self._site = site
        self._others = others
        self._wanted = asyncio.Event()
        self._wanted.set()
        self._process: asyncio.subprocess.Process | None = None
        self._exits = 0
        self._skip_back_off = False

    async def run(self) -> None:
        """Bring the part up and keep it up until cancelled; a failure before the first start is final."""
        try:
            await self._download()
            with self._phase(PREPARING):
                await asyncio.to_thread(self.part.prepare, self._site)
            await self._wait_for_others()
            with self._phase(PREPARING):
                await asyncio.to_thread(self.part.set_up, self._site)
            await self._keep_running()
        # whatever a part's own code raises is shown as that part's failure, the other parts go on
        except Exception as error:  # noqa: BLE001
            self._fail(str(error) if isinstance(error, PartError) else f"{type(error).__name__}: {error}")

    async def settle(self) -> None:
        """Let the part do its work for later starts; a failure is noted and changes nothing."""
        try:
            await asyncio.to_thread(self.part.settle, self._site)
        except (PartError, OSError) as error:
            sys.stderr.write(f"{self.part.name} did not settle: {error}\n")

    async def stop(self) -> None:
        """End the part and keep it down."""
        self._wanted.clear()
        self.is_ready.clear()
        process = self._process
        if process is None:
            self._set(STOPPED)
            return
        self._set(STOPPING)
        command = self._command()
        _signal(process.pid, command.stop_signal)
        try:
            await asyncio.wait_for(process.wait(), command.stop_seconds)
        except TimeoutError:
            _signal_group(process.pid, signal.SIGKILL)
            await process.wait()
        self._set(STOPPED)

    def start(self) -> None:
        """Let a stopped part run again, at once."""
        self._exits = 0
        self._skip_back_off = True
        self._wanted.set()

    def kill(self, number: int, stay_down: bool) -> None:
        """Send a signal to the part's processes; after an exit it is restarted unless it is to stay down."""
        if self._process is None:
            raise PartError(f"{self.part.name} has no process")
        if stay_down:
            self._wanted.clear()
        _signal_group(self._process.pid, number)

    def document(self) -> dict[str, object]:
        """The status as plain data."""
        status = self.status
        return {
            "state": status.state, "pid": status.pid, "restarts": status.restarts, "error": status.error,
            "bytes_done": status.bytes_done, "bytes_total": status.bytes_total,
            "seconds": {name: round(value, 2) for name, value in status.seconds.items()},
            "ports": {name: self._site.port(self.part.name, name) for name, _ in self.part.ports},
            "log": str(self._site.log(self.part.name)),
            "last_lines": tail(self._site.log(self.part.name), _LAST_LINES) if status.state == FAILING else [],
        }  # fmt: skip

    def _command(self) -> Command:
        command = self.part.command(self._site)
        if command is None:
            raise PartError(f"{self.part.name} has no program")
        return command

    def _set(self, state: str) -> None:
        self.status.state = state
        sys.stderr.write(f"{time.strftime('%H:%M:%S')} {self.part.name} {state} {self.status.error}\n")

    def _fail(self, reason: str) -> None:
        self.status.error = reason
        self._set(FAILING)

    @contextlib.contextmanager
    def _phase(self, state: str) -> Iterator[None]:
        self._set(state)
        begun = time.monotonic()
        yield
        self.status.seconds[state] = self.status.seconds.get(state, 0.0) + time.monotonic() - begun

    async def _download(self) -> None:
        artifacts = {artifact: None for name in self.part.bundles for artifact in bundle(name)}
        if not artifacts:
            return
        self.status.bytes_total = sum(artifact.size for artifact in artifacts)

        def progress(count: int) -> None:
            self.status.bytes_done = count

        with self._phase(DOWNLOADING):
            await asyncio.to_thread(fetch_all, tuple(artifacts), self._site.cache, progress)

    async def _wait_for_others(self) -> None:
        with self._phase(WAITING):
            for name in self.part.depends_on:
                await self._others[name].is_ready.wait()

    async def _keep_running(self) -> None:
        if self.part.command(self._site) is None:
            self.is_ready.set()
            self._set(READY)
            return
        while True:
            if not self._wanted.is_set():
                self._set(STOPPED)
                await self._wanted.wait()
            await self._run_once()

    async def _run_once(self) -> None:
        begun = time.monotonic()
        self._set(STARTING)
        process = self._process = await self._spawn()
        self.status.pid = process.pid
        ended = asyncio.create_task(process.wait())
        try:
            await self._until_ready(ended, process.pid, begun)
            code = await ended
        finally:
            ended.cancel()
            self.is_ready.clear()
            self._process, self.status.pid = None, None
            # what the program started must not outlive it
            _signal_group(process.pid, signal.SIGKILL)
        if self._wanted.is_set():
            await self._back_off(code, steady=time.monotonic() - begun > _STEADY_SECONDS)

    async def _spawn(self) -> asyncio.subprocess.Process:
        command = self._command()
        with self._site.log(self.part.name).open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *command.launched(), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                cwd=self._site.folder(self.part.name),
                env={**os.environ, **self._site.environment, **command.environment},
            )  # fmt: skip

    async def _until_ready(self, ended: "asyncio.Task[int]", pid: int, begun: float) -> None:
        while not ended.done():
            if await asyncio.to_thread(self._check):
                self.status.seconds[STARTING] = time.monotonic() - begun
                self.status.error = ""
                self.is_ready.set()
                self._set(READY)
                return
            if time.monotonic() - begun > self.part.start_seconds:
                self.status.error = f"not ready after {self.part.start_seconds:.0f} s"
                _signal_group(pid, signal.SIGKILL)
                return
            await asyncio.wait({ended}, timeout=_POLL_SECONDS)

    def _check(self) -> bool:
        try:
            return self.part.ready(self._site)
        except OSError:
            return False

    async def _back_off(self, code: int, steady: bool) -> None:
        self._exits = 1 if steady else self._exits + 1
        self.status.restarts += 1
        self.status.error = self.status.error or f"ended {_meaning(code)}"
        self._set(FAILING if self._exits >= _EXITS_UNTIL_FAILING else RESTARTING)
        if not self._skip_back_off:
            await asyncio.sleep(_BACK_OFF_SECONDS[min(self._exits, len(_BACK_OFF_SECONDS)) - 1])
        self._skip_back_off = False


def tail(path: Path, lines: int) -> list[str]:
    """The last lines of a log; none when there is no such file."""
    if not path.exists():
        return []
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 64_000))
        return file.read().decode(errors="replace").splitlines()[-lines:]


def _meaning(code: int) -> str:
    return f"by signal {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _signal_group(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number)
