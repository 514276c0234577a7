"""Runs the sink as its own process against a real broker, registry and engine."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from confluent_kafka import Producer

from schemas.codec import Codec
from schemas.registry import Registry


def until(true: Callable[[], bool], what: str, seconds: float = 180.0) -> None:
    """Wait for a condition with a deadline."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


class SinkProcess:
    """`python -m connectors.clickhouse`; may be killed and started again."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.environment = {**os.environ, **environment, "SKUSTREAM_STATE": str(folder)}
        self.log = folder / "sink.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "SinkProcess":
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "connectors.clickhouse"], env=self.environment, stderr=log
            )
        return self

    def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(30)

    def stop(self) -> int:
        """End it in good order; 0 also when it was never started."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(120)

    def events(self, name: str) -> list[dict[str, object]]:
        lines = (json.loads(line) for line in self.log.read_bytes().splitlines() if line.startswith(b"{"))
        return [line for line in lines if line.get("event") == name]


class Feeder:
    """Produces valid records to the real topics."""

    def __init__(self, brokers: str, registry: str) -> None:
        self.producer = Producer({"bootstrap.servers": brokers, "enable.idempotence": True, "linger.ms": 5})
        self.codec = Codec(Registry(registry))

    def send(self, topic: str, record: str, values: list[dict[str, object]], key: str = "sku") -> None:
        encode = self.codec.encoder(record)
        for value in values:
            self.raw(topic, encode(value), str(value[key]).encode())
        self.flush()

    def raw(self, topic: str, value: bytes | None, key: bytes = b"k") -> None:
        while True:
            try:
                self.producer.produce(topic, value, key)
                break
            except BufferError:
                self.producer.poll(0.1)

    def flush(self) -> None:
        assert self.producer.flush(60) == 0
