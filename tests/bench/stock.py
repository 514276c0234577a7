"""Drains a backlog of stock commands with one worker: real rows, reservations and outputs, exactly once."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from confluent_kafka import Producer, TopicPartition

from schemas.codec import Codec
from schemas.registry import Registry
from schemas.topics import INVENTORY_COMMANDS, MOVEMENTS
from tests.bench.commands import SKUS, commands
from tests.bench.harness.cluster import Cluster
from tests.bench.harness.process import ROOT, Sampler, stop
from tests.bench.harness.runs import environment, until

CHUNK = 10_000


def fill(env: Mapping[str, str], count: int, seed: int) -> int:
    """Put the commands on the topic; how many they are."""
    codec = Codec(Registry(env["SKUSTREAM_REGISTRY"]))
    settings = {"bootstrap.servers": env["SKUSTREAM_BROKERS"], "partitioner": "murmur2_random", "linger.ms": 20}
    producer = Producer({**settings, "queue.buffering.max.messages": 1_000_000})
    sent = 0
    for name, value in commands(count, seed):
        producer.produce(INVENTORY_COMMANDS.name, codec.encode(name, value), value["sku"].encode())
        producer.poll(0)
        sent += 1
    producer.flush()
    return sent


def movements(cluster: Cluster) -> list[tuple[int, bytes]]:
    """(append or create time in ms, ce_id) of every ledger row, read committed, in order of time."""
    reader = cluster.consumer(**{"enable.partition.eof": True, "auto.offset.reset": "earliest"})
    reader.assign([TopicPartition(MOVEMENTS.name, p, 0) for p in range(MOVEMENTS.partitions)])
    found: list[tuple[int, bytes]] = []
    left = set(range(MOVEMENTS.partitions))
    while left:
        for message in reader.consume(CHUNK, 1.0):
            if message.error():
                left.discard(message.partition())
                continue
            found.append((message.timestamp()[1], dict(message.headers())["ce_id"]))
    reader.close()
    return sorted(found)


def drain(env: Mapping[str, str], broker_pid: int, count: int, seed: int = 7) -> dict[str, Any]:
    """One run on a stack whose topics are empty. Times in seconds, CPU in seconds per million commands."""
    sent = fill(env, count, seed)
    cluster, state = Cluster(env["SKUSTREAM_BROKERS"]), Path(tempfile.mkdtemp(prefix="bench-stock-"))
    worker_env = {**os.environ, **env, "SKUSTREAM_STATE": str(state), "SKUSTREAM_INSTANCE": "one"}
    began = time.time() * 1000
    with (state / "worker.log").open("w") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "streams.worker", "stock"],
            env={**worker_env, "PYTHONPATH": str(ROOT)}, stdout=log, stderr=log,
            start_new_session=True, cwd=ROOT, text=True,
        )  # fmt: skip
        sampler = Sampler(worker.pid, broker_pid)
        sampler.start()
        done = until(lambda: cluster.end(MOVEMENTS.name) >= sent or worker.poll() is not None, every=0.2)
        time.sleep(1.0)
        sampler.finish()
        stop(worker)
    found = movements(cluster)
    # the first commands are the counts that make the SKUs known; the rate is taken over what follows them
    first, last = found[SKUS][0], found[-1][0]
    counted = len(found) - SKUS
    took = max(1, last - first) / 1000
    shutil.rmtree(state, ignore_errors=True)
    return {
        "run": "stock", "commands": sent, "ok": done and len(found) == sent, "lost": sent - len({i for _, i in found}),
        "doubled": len(found) - len({i for _, i in found}), "start_s": round((found[0][0] - began) / 1000, 2),
        "events_per_s": round(counted / took),
        "cpu_s_per_million": round(sampler.between(first, last, 1) / counted * 1e6, 1),
        "broker_cpu_s_per_million": round(sampler.between(first, last, 2) / counted * 1e6, 1),
        "rss_mb": sampler.peak_mb,
        **environment(),
    }  # fmt: skip


def medians(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The medians of the figures of several runs."""
    names = ("events_per_s", "cpu_s_per_million", "broker_cpu_s_per_million", "rss_mb", "start_s")
    return {name: statistics.median(run[name] for run in runs) for name in names} | {"runs": len(runs)}
