"""The three measurements: draining a backlog, latency at a steady rate, and a kill with a restart."""

import os
import shutil
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.harness import work
from tests.bench.harness.cluster import Cluster, Outputs, read_outputs
from tests.bench.harness.peers.base import Job, Peer
from tests.bench.harness.process import Sampler, kill, start, stop

Result = dict[str, Any]
LIMIT = 400.0


@dataclass(frozen=True)
class Bench:
    """Where to measure. ``broker_pid`` 0: the broker's CPU is not measured."""

    cluster: Cluster
    broker_pid: int = 0

    def job(self, peer: Peer, source: str) -> Job:
        """A fresh run: own topics, own state, own name."""
        run = f"{peer.name}-{uuid.uuid4().hex[:8]}"
        state = Path(tempfile.mkdtemp(prefix=f"bench-{run}-"))
        job = Job(self.cluster.brokers, source or f"in-{run}", f"out-{run}", run, state)
        self.cluster.make(job.output, **{"message.timestamp.type": "LogAppendTime"})
        self.cluster.make(job.input, *peer.topics(job))
        return job

    def clean(self, job: Job) -> None:
        """Nothing of the run stays but its log."""
        self.cluster.drop(job.name)
        shutil.rmtree(job.state, ignore_errors=True)


def until(condition: Callable[[], bool], limit: float = LIMIT, every: float = 0.05) -> bool:
    """Whether the condition came true in time."""
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def drain(bench: Bench, peer: Peer, count: int) -> Result:
    """A full topic; events per second from the first to the last output by the broker's clock."""
    source = f"bench-orders-{count}"
    bench.cluster.fill(source, count)
    job = bench.job(peer, source)
    with (job.state.parent / f"{job.name}.log").open("w") as log:
        began = time.time() * 1000
        worker = start(peer, job, log)
        sampler = Sampler(worker.pid, bench.broker_pid)
        sampler.start()
        done = until(lambda: bench.cluster.end(job.output) >= count or worker.poll() is not None, every=0.2)
        time.sleep(1.5)
        sampler.finish()
        stop(worker)
    out = read_outputs(bench.cluster, job.output)
    took = max(1, out.last_ms - out.first_ms) / 1000
    result = {
        "run": "drain", "peer": peer.name, "events": count, "ok": done and out.count == count,
        "right": work.digest(out.rows) == work.digest(work.reference(count)), "outputs": out.count,
        "start_s": round((out.first_ms - began) / 1000, 2), "took_s": round(took, 2), "per_s": round(out.count / took),
        "cpu_per_million": _per_million(sampler, out, 1), "broker_cpu_per_million": _per_million(sampler, out, 2),
        "peak_mb": sampler.peak_mb,
    }  # fmt: skip
    bench.clean(job)
    return result


def _per_million(sampler: Sampler, out: Outputs, column: int) -> float:
    return round(sampler.between(out.first_ms, out.last_ms, column) / max(1, out.count) * 1e6, 1)


def kill_and_restart(bench: Bench, peer: Peer, count: int) -> Result:
    """kill -9 at 40 % of the outputs and an immediate restart; what came out in the end, and how soon it went on."""
    source = f"bench-orders-{count}"
    bench.cluster.fill(source, count)
    job = bench.job(peer, source)
    with (job.state.parent / f"{job.name}.log").open("w") as log:
        worker = start(peer, job, log)
        until(lambda: bench.cluster.end(job.output) >= count * 0.4, every=0.02)
        kill(worker)
        before = bench.cluster.end(job.output)
        again = time.monotonic()
        worker = start(peer, job, log)
        until(lambda: bench.cluster.end(job.output) > before, every=0.02)
        recovered = time.monotonic() - again
        until(lambda: bench.cluster.end(job.output) >= count, every=0.2)
        time.sleep(3)
        stop(worker)
    out = read_outputs(bench.cluster, job.output)
    distinct = len(set(out.ids))
    result = {
        "run": "kill", "peer": peer.name, "events": count, "killed_at": before, "recovered_s": round(recovered, 2),
        "lost": count - distinct, "doubled": out.count - distinct,
        "right": work.digest(out.rows) == work.digest(work.reference(count)),
    }  # fmt: skip
    bench.clean(job)
    return result


def latency(bench: Bench, peer: Peer, rate: int = 1000, seconds: int = 20, warm: int = 8) -> Result:
    """From produce to a read-committed consumer of the outputs, at a steady rate, after a warm-up under load."""
    job = bench.job(peer, "")
    meter = Meter(bench.cluster, job)
    with (job.state.parent / f"{job.name}.log").open("w") as log:
        worker = start(peer, job, log)
        meter.wake(lambda: worker.poll() is None)
        sampler = Sampler(worker.pid, bench.broker_pid)
        meter.send(rate, warm, measured=False)
        sampler.start()
        began = time.time() * 1000
        meter.send(rate, seconds, measured=True)
        ended = time.time() * 1000
        until(lambda: not meter.waiting, 10)
        sampler.finish()
        stop(worker)
    found = sorted(meter.finish())
    result: Result = {"run": "latency", "peer": peer.name, "rate": rate, "measured": len(found)}
    result["missing"] = rate * seconds - len(found)
    if found:
        cuts = statistics.quantiles(found, n=100)
        result |= {
            "p50_ms": round(cuts[49], 1), "p90_ms": round(cuts[89], 1), "p99_ms": round(cuts[98], 1),
            "max_ms": round(found[-1], 1), "cpu": round(sampler.between(began, ended, 1) / seconds, 3),
            "broker_cpu": round(sampler.between(began, ended, 2) / seconds, 3),
        }  # fmt: skip
    bench.clean(job)
    return result


class Meter:
    """Sends events and clocks their outputs."""

    def __init__(self, cluster: Cluster, job: Job) -> None:
        self._job, self._over = job, threading.Event()
        self._events = work.events(1_000_000, seed=11)
        self._producer = cluster.producer(**{"linger.ms": 0})
        self._consumer = cluster.consumer(**{"fetch.wait.max.ms": 10, "auto.offset.reset": "earliest"})
        from confluent_kafka import TopicPartition

        self._consumer.assign([TopicPartition(job.output, p, 0) for p in range(work.PARTITIONS)])
        self._sent: dict[bytes, tuple[float, bool]] = {}
        self._found: list[float] = []
        self._seen = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def waiting(self) -> bool:
        """Whether outputs are still on their way."""
        return bool(self._sent)

    def _read(self) -> None:
        while not self._over.is_set():
            for message in self._consumer.consume(500, 0.005):
                if message.error():
                    continue
                self._seen.set()
                sent = self._sent.pop(message.value()[work.ID_BYTES], None)
                if sent and sent[1]:
                    self._found.append((time.perf_counter() - sent[0]) * 1000)

    def _one(self, measured: bool) -> None:
        event = next(self._events)
        value = work.encode_order(event)
        self._sent[event["event_id"].encode()] = (time.perf_counter(), measured)
        self._producer.produce(self._job.input, value, event["sku"])
        self._producer.poll(0)

    def wake(self, alive: Callable[[], bool]) -> None:
        """One event each quarter second until the first output shows."""
        deadline = time.monotonic() + 60
        while not self._seen.wait(0.25) and alive() and time.monotonic() < deadline:
            self._one(measured=False)

    def send(self, rate: int, seconds: int, *, measured: bool) -> None:
        """At a steady rate."""
        began = time.perf_counter()
        for number in range(rate * seconds):
            pause = began + number / rate - time.perf_counter()
            if pause > 0:
                time.sleep(pause)
            self._one(measured)

    def finish(self) -> list[float]:
        """Milliseconds of every measured event that came out."""
        self._over.set()
        self._reader.join()
        self._consumer.close()
        return self._found


def environment() -> Result:
    """What a figure means nothing without."""
    return {"at": time.strftime("%Y-%m-%dT%H:%M:%S"), "load": round(os.getloadavg()[0], 2), "cpus": os.cpu_count()}
