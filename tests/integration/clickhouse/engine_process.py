"""Starts and ends the ClickHouse engine as its own process, for tests that need the real one."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import clickhouse_connect
from clickhouse_connect.driver.client import Client

READ_WRITE = "rw-token"
READ_ONLY = "ro-token"


class EngineProcess:
    """One engine process over a folder; may be killed and started again on the same port."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder = folder
        self.port = port
        self._log = folder.with_suffix(".log")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "EngineProcess":
        tokens = {"SKUSTREAM_ENGINE_RW_TOKEN": READ_WRITE, "SKUSTREAM_ENGINE_RO_TOKEN": READ_ONLY}
        command = [sys.executable, "-m", "infra.local.clickhouse", "--path", str(self.folder), "--port", str(self.port)]
        before = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, env={**os.environ, **tokens}, stderr=log)
        self.port = self._wait_ready(before)
        return self

    def _wait_ready(self, before: int) -> int:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            with self._log.open("rb") as log:
                log.seek(before)
                for line in log.read().splitlines():
                    if line.startswith(b"{") and json.loads(line)["event"] == "ready":
                        return int(json.loads(line)["port"])
            if self._running().poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError(f"the engine did not get ready:\n{self._log.read_text()}")

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    @property
    def pid(self) -> int:
        return self._running().pid

    def kill(self) -> None:
        self._running().send_signal(signal.SIGKILL)
        self._running().wait(30)

    def stop(self) -> int:
        self._running().send_signal(signal.SIGTERM)
        return self._running().wait(120)

    def url(self, token: str = READ_WRITE, database: str = "") -> str:
        return f"http://default:{token}@127.0.0.1:{self.port}/{database}"

    def client(self, token: str = READ_WRITE, database: str | None = None) -> Client:
        return clickhouse_connect.get_client(
            host="127.0.0.1", port=self.port, username="default", password=token, database=database or "__default__"
        )
