"""A console process on the shared stack, a feeder that plays the pipeline, and a browser where the machine has one."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from connectors.kafka.topics import apply_topics
from infra.local.paths import PROJECT
from infra.local.stack import Stack
from tests.integration.console.feeder import CHANNELS, Feeder

SECONDS = 120.0
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def wait_until(what: str, met: Callable[[], bool], seconds: float = SECONDS) -> None:
    """Wait for a condition; fails with its name."""
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.05)


@dataclass
class ConsoleProcess:
    """A running `python -m infra.console`."""

    process: "subprocess.Popen[bytes]"
    url: str
    log: Path

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, timeout=20)

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def shops_file(folder: Path) -> Path:
    """shops.json with every shop of the feeder as a stand-in on loopback."""
    pairs = [channel.split(":") for channel in CHANNELS]
    entries = [{"platform": platform, "shop": shop, "url": "http://127.0.0.1:9"} for platform, shop in pairs]
    path = folder / "shops.json"
    path.write_text(json.dumps(entries), encoding="utf-8")
    return path


def launch(folder: Path, environment: dict[str, str]) -> ConsoleProcess:
    """Start a console with exactly these SKUSTREAM_* variables."""
    port = free_port()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SKUSTREAM_")}
    log = folder / "console.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.console"], stderr=output, stdout=output, cwd=folder,
            env={**inherited, "PYTHONPATH": str(PROJECT), **environment, "SKUSTREAM_CONSOLE_PORT": str(port)},
        )  # fmt: skip
    return ConsoleProcess(process, f"http://127.0.0.1:{port}", log)


@pytest.fixture(scope="module")
def fed(stack: Stack) -> Feeder:
    """A market of 60 SKUs and 40 orders, its names unique to this module."""
    apply_topics(stack.env["SKUSTREAM_BROKERS"])
    prefix = uuid4().hex[:6]
    feeder = Feeder(stack.env["SKUSTREAM_BROKERS"], stack.env["SKUSTREAM_REGISTRY"], prefix=prefix)
    skus = feeder.stock(60)
    for _ in range(40):
        feeder.order(skus)
    feeder.flush()
    return feeder


@pytest.fixture(scope="module")
def console(stack: Stack, fed: Feeder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleProcess]:
    folder = tmp_path_factory.mktemp("console")
    given = {name: stack.env[name] for name in ("SKUSTREAM_BROKERS", "SKUSTREAM_REGISTRY", "SKUSTREAM_HOME")}
    closed = f"http://default:none@127.0.0.1:{free_port()}/skustream"
    environment = {**given, "SKUSTREAM_SHOPS": str(shops_file(folder)), "SKUSTREAM_CLICKHOUSE_READ": closed}
    running = launch(folder, environment)
    try:
        wait_until("the console is ready", running.is_ready)
        yield running
    finally:
        running.process.kill()
        running.process.wait()


@pytest.fixture(scope="module")
def chromium() -> str:
    """The path of the machine's Chromium; skips where there is none."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"no browser on this machine (looked for {', '.join(BROWSERS)}; Debian: apt-get install chromium)")
    return found
