"""One agent as a process: ``python -m streams.worker AGENT``. Crash-only: a fresh start mends what it cannot.

AGENT is a name of streams.agents.AGENTS, or ``module:function`` for a unit from elsewhere.
"""

import importlib
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from faust.worker import Worker as FaustWorker
from mode import Service

from schemas.codec import SchemaUnavailable
from streams import log as logs
from streams import preflight
from streams.app import App, build_app, end
from streams.log import ENGINE
from streams.runtime import Unavailable, Unit
from streams.runtime.errors import Exit, Stop
from streams.runtime.settings import Settings

log = logging.getLogger("streams.worker")
REPORT_EVERY = 10.0
PULSE = 0.25


class Pulse(Service):
    """Proves to the watchdog that the event loop runs, and logs what the worker has done."""

    logger = ENGINE

    def __init__(self, app: App, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._work = app.unit_of_work

    @Service.task
    async def _beat(self) -> None:
        ready = os.environ.get("SKUSTREAM_READY")
        while not self.should_stop:
            self._work.watchdog.expect("the event loop")
            if ready and self._work.metrics.leases:
                # the supervisor looks for this file: partitions are ours and caught up
                Path(ready).touch()
                ready = None
            await self.sleep(PULSE)

    @Service.task
    async def _report(self) -> None:
        last: dict[str, float] = {}
        while not self.should_stop:
            await self.sleep(REPORT_EVERY)
            now = self._work.metrics.snapshot()
            if now != last:
                log.info("totals", extra=now)
            last = now


class Worker(FaustWorker):
    """Faust's worker without spinner, process title and the fixed second that its end takes."""

    logger = ENGINE

    def _setproctitle(self, info: str, *, ident: str = "") -> None:
        """The command line stays as it is: supervisors and people look for it."""

    async def _sentinel_task(self) -> None:
        """mode sleeps a second here."""


def find_unit(agent: str, settings: Settings) -> Unit:
    """Raises Stop if there is none of that name, or if what it needs is away."""
    if ":" in agent:
        module, function = agent.split(":", 1)
        build = getattr(importlib.import_module(module), function)
    else:
        from streams.agents import AGENTS

        names = {each.name: each.build for each in AGENTS}
        if agent not in names:
            raise Stop(Exit.CONFIG, f"no agent is called {agent!r}; there are {', '.join(sorted(names))}")
        build = names[agent]
    try:
        unit: Unit = build(settings)
    except (Unavailable, SchemaUnavailable, OSError) as error:
        raise Stop(Exit.UNAVAILABLE, f"agent {agent} cannot start: {error}") from error
    return unit


def run(agent: str) -> None:
    """Serve until SIGTERM or SIGINT. Raises Stop when it cannot start."""
    settings = Settings.from_environ()
    unit = find_unit(agent, settings)
    lock = preflight.own_folder(settings, unit)
    preflight.check_topics(settings, unit)
    app = build_app(unit, settings)
    log.info("worker of agent %s starts", unit.name, extra={"inputs": unit.inputs, "group": app.conf.id})
    app.unit_of_work.watchdog.start()
    worker = Worker(app, Pulse(app), override_logging=False, redirect_stdouts=False, quiet=True)
    worker.spinner = None
    try:
        worker.execute_from_commandline()
    finally:
        app.unit_of_work.watchdog.stop()
        lock.close()


def main(arguments: Sequence[str] = ()) -> None:
    """Entry point; the exit codes are those of streams.runtime.errors.Exit."""
    logs.set_up()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until the worker's own handler is there
    given = list(arguments) or sys.argv[1:]
    try:
        if len(given) != 1:
            raise Stop(Exit.CONFIG, "usage: python -m streams.worker AGENT")
        run(given[0])
    except Stop as stop:
        end(stop.code, str(stop))
    except Exception as error:
        log.critical("crashed", exc_info=error)
        end(Exit.SOFTWARE, f"unexpected: {error!r}")


if __name__ == "__main__":
    main()
