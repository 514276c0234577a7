"""The one fixture of all integration tests: a running stack, shared by the whole test run."""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.stack import NotRunning, Stack
from tests.integration.containers import ContainerStack, wanted

_BASE = ("kafka", "registry")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack | ContainerStack]:
    """Kafka and the registry, ready; `stack.require("postgres", ...)` starts more, `stack.env` has the addresses.

    With SKUSTREAM_TEST_BACKEND=testcontainers and an engine that answers: containers, without the registry.
    One stack serves all workers of pytest-xdist: the first starts it, and it ends with the process they share.
    """
    if wanted():
        containers = ContainerStack()
        containers.require("kafka")
        yield containers
        containers.stop()
        return
    shared = "PYTEST_XDIST_WORKER" in os.environ
    base = tmp_path_factory.getbasetemp()
    home = (base.parent if shared else base) / "stack"
    running = Stack(home, _BASE, until_exit_of=os.getppid() if shared else os.getpid())
    _start_once(running, home)
    yield running
    if not shared:
        running.stop()


def _start_once(running: Stack, home: Path) -> None:
    home.mkdir(exist_ok=True)
    with (home / "fixture.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            running.status()
        except NotRunning:
            running.start()
