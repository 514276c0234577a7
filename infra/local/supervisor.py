"""The supervisor: one process that owns all parts of one home folder and answers on a socket in it.

Run as `python -m infra.local.supervisor HOME PARENT_PID PART...`; with a parent pid above 0 it ends with that process.
"""

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from infra.local import control, ports, reaper
from infra.local.errors import PartError
from infra.local.parts import PARTS, closure
from infra.local.parts.contract import Part, Site
from infra.local.paths import PROJECT, cache_dir
from infra.local.runner import FAILING, READY, Runner
from infra.local.state import State

BUSY = 3
"""Exit code when another supervisor owns the home folder."""
RUN_FILE = "run.json"
SHOPS_FILE = "shops.json"
MARK = "SKUSTREAM_STACK"


def site_for(home: Path, fixed_ports: bool) -> Site:
    """Choose ports for every part, load or make secrets, and remember both. Ports that are taken move."""
    state = State.load(home)
    taken: set[int] = set()
    chosen: dict[str, int] = {}
    for part in PARTS:
        for name, usual in part.ports:
            key = f"{part.name}.{name}"
            port = ports.choose(state.ports.get(key, usual if fixed_ports else None), taken)
            chosen[key] = port
            taken.add(port)
    if not (home / SHOPS_FILE).exists():
        (home / SHOPS_FILE).write_text("[]\n")
    state.ports.update(chosen)
    state.save()
    site = Site(home=home, cache=cache_dir(), ports=chosen, secrets=state.secrets, environment={})
    environment = {"PYTHONPATH": str(PROJECT), "SKUSTREAM_HOME": str(home), "SKUSTREAM_SHOPS": str(home / SHOPS_FILE)}
    for part in PARTS:
        environment.update(part.environment(site))
    return Site(home=home, cache=site.cache, ports=chosen, secrets=state.secrets, environment=environment)


class Supervisor:
    """Starts all parts side by side, in the order of what they depend on, and stops them in reverse."""

    def __init__(self, parts: tuple[Part, ...], site: Site) -> None:
        self._site = site
        self._begun = time.monotonic()
        self._seconds_to_ready: float | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.runners: dict[str, Runner] = {}
        self.stopping = asyncio.Event()
        self.add(parts)

    def add(self, parts: tuple[Part, ...]) -> None:
        """Start those of the parts that this stack does not have yet."""
        new = [Runner(part, self._site, self.runners) for part in parts if part.name not in self.runners]
        self.runners.update({runner.part.name: runner for runner in new})
        self._tasks += [asyncio.create_task(runner.run()) for runner in new]

    async def run(self) -> None:
        """Run until told to stop; every process is gone when this returns."""
        note = asyncio.create_task(self._note_ready())
        await self.stopping.wait()
        note.cancel()
        await self._stop_all()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def document(self) -> dict[str, object]:
        """The whole status as plain data."""
        states = {name: runner.status.state for name, runner in self.runners.items()}
        return {
            "home": str(self._site.home), "pid": os.getpid(), "stopping": self.stopping.is_set(),
            "ready": all(state == READY for state in states.values()),
            "failing": [name for name, state in states.items() if state == FAILING],
            "seconds": round(self._seconds_to_ready or time.monotonic() - self._begun, 2),
            "parts": {name: runner.document() for name, runner in self.runners.items()},
            "environment": dict(self._site.environment),
        }  # fmt: skip

    async def answer(self, request: dict[str, object]) -> dict[str, object]:
        """Carry out one request of the control socket. Raises PartError for one that cannot be."""
        verb = request.get("verb")
        if verb == "status":
            return self.document()
        if verb == "shutdown":
            self.stopping.set()
            return {}
        if verb == "add":
            self.add(closure(tuple(str(name) for name in request.get("parts", ()))))  # type: ignore[attr-defined]
            return {}
        runner = self.runners.get(str(request.get("part")))
        if runner is None:
            raise PartError(f"this stack has no part {request.get('part')!r}; it has {', '.join(self.runners)}")
        if verb in ("stop", "restart"):
            await runner.stop()
        if verb in ("start", "restart"):
            runner.start()
        if verb == "kill":
            runner.kill(int(str(request["signal"])), stay_down=bool(request.get("stay_down")))
        return {}

    async def _note_ready(self) -> None:
        for runner in list(self.runners.values()):
            await runner.is_ready.wait()
        self._seconds_to_ready = time.monotonic() - self._begun
        for runner in list(self.runners.values()):
            await runner.settle()

    async def _stop_all(self) -> None:
        dependents = {
            name: [other for other in self.runners.values() if name in other.part.depends_on] for name in self.runners
        }
        stopped = {name: asyncio.Event() for name in self.runners}

        async def stop(name: str) -> None:
            for dependent in dependents[name]:
                await stopped[dependent.part.name].wait()
            await self.runners[name].stop()
            stopped[name].set()

        await asyncio.gather(*(stop(name) for name in self.runners))


def start_reaper() -> None:
    """Mark this process and all it starts, and have what bears the mark killed should this process be killed."""
    value = uuid.uuid4().hex
    reading, _ = os.pipe()
    command = [sys.executable, "-I", "-S", reaper.__file__, f"{MARK}={value}"]
    subprocess.Popen(command, stdin=reading, start_new_session=True)
    os.close(reading)
    # after its start, so that it does not bear the mark itself
    os.environ[MARK] = value


@contextlib.contextmanager
def owner_of(home: Path) -> Iterator[None]:
    """Be the one supervisor of a home folder, or exit with BUSY."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "logs").mkdir(exist_ok=True)
    with (home / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(BUSY)
        yield


async def serve(home: Path, parent: int, parts: tuple[Part, ...], fixed_ports: bool) -> None:
    """Run the supervisor with its control socket and its reasons to stop: signals, or the end of the parent."""
    supervisor = Supervisor(parts, site_for(home, fixed_ports))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, supervisor.stopping.set)
    if parent > 0:
        loop.add_reader(os.pidfd_open(parent), supervisor.stopping.set)
    server = await control.listen(home, supervisor.answer)
    (home / RUN_FILE).write_text(json.dumps({"pid": os.getpid(), "parts": [part.name for part in parts]}))
    try:
        await supervisor.run()
    finally:
        server.close()
        (home / RUN_FILE).unlink(missing_ok=True)
    # without waiting for threads that prepare a part or a later start: their programs die with this process
    os._exit(0)


def main(arguments: list[str]) -> None:
    """Entry point of the supervisor process."""
    home, parent, fixed_ports = Path(arguments[0]), int(arguments[1]), arguments[2] == "fixed"
    with owner_of(home):
        start_reaper()
        asyncio.run(serve(home, parent, closure(tuple(arguments[3:])), fixed_ports))


if __name__ == "__main__":
    main(sys.argv[1:])
