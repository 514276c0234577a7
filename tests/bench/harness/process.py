"""A worker process of a peer: started, measured, stopped."""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import IO

import psutil

from tests.bench.harness.peers.base import Job, Peer

ROOT = Path(__file__).resolve().parents[3]
SAMPLE = 0.1


def start(peer: Peer, job: Job, log: IO[str]) -> "subprocess.Popen[str]":
    """One worker, in its own process group."""
    job.state.mkdir(parents=True, exist_ok=True)
    env = {**os.environ, "PYTHONPATH": str(ROOT), **peer.environment(job)}
    return subprocess.Popen(
        peer.command(job), env=env, stdout=log, stderr=log, start_new_session=True, cwd=ROOT, text=True
    )


def stop(process: "subprocess.Popen[str]") -> None:
    """SIGTERM, then SIGKILL."""
    for sent, wait in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
        if process.poll() is None:
            os.killpg(process.pid, sent)
            try:
                process.wait(wait)
            except subprocess.TimeoutExpired:
                continue


def kill(process: "subprocess.Popen[str]") -> None:
    """SIGKILL, at once."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def cpu_seconds(process: psutil.Process) -> float:
    """User and system time of a process and its children."""
    total = 0.0
    for each in (process, *process.children(recursive=True)):
        times = each.cpu_times()
        total += times.user + times.system
    return total


class Sampler(threading.Thread):
    """Writes down CPU seconds and memory of a process, and CPU seconds of the broker, ten times a second."""

    def __init__(self, pid: int, broker_pid: int) -> None:
        super().__init__(daemon=True)
        self._worker = psutil.Process(pid)
        self._broker = psutil.Process(broker_pid) if broker_pid else None
        self._rows: list[tuple[float, float, float]] = []
        self._over = threading.Event()
        self.peak_mb = 0

    def run(self) -> None:
        """Until the process is gone or ``finish`` is called."""
        while not self._over.wait(SAMPLE):
            try:
                broker = cpu_seconds(self._broker) if self._broker else 0.0
                self._rows.append((time.time() * 1000, cpu_seconds(self._worker), broker))
                self.peak_mb = max(self.peak_mb, self._worker.memory_info().rss >> 20)
            except psutil.Error:
                return

    def finish(self) -> None:
        """No more samples."""
        self._over.set()
        self.join()

    def between(self, start_ms: float, end_ms: float, column: int) -> float:
        """CPU seconds from one time to another; column 1 the worker's, 2 the broker's."""
        return self._at(end_ms, column) - self._at(start_ms, column)

    def _at(self, at_ms: float, column: int) -> float:
        before = self._rows[0]
        for row in self._rows:
            if row[0] >= at_ms:
                part = (at_ms - before[0]) / max(1e-9, row[0] - before[0])
                return before[column] + max(0.0, part) * (row[column] - before[column])
            before = row
        return before[column]
