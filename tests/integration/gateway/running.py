"""The gateway as a real process on a real broker and registry, and a reader of what it wrote."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from connectors.platforms.signing import sign_base64
from schemas.codec import Codec
from schemas.registry import Registry

SECRET = "a secret of the test"
SHOPS: list[dict[str, Any]] = [
    {"platform": "shopify", "shop": "north", "secrets": [SECRET], "url": "http://127.0.0.1:9", "token": "t"},
    {"platform": "woocommerce", "shop": "west", "secrets": [SECRET], "url": "http://127.0.0.1:9", "token": "k:s"},
]


def until(what: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for a condition; AssertionError when it does not come."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
        time.sleep(0.05)


class Gateway:
    """One gateway process with a state folder and a port that survive its restarts."""

    def __init__(self, folder: Path, env: Mapping[str, str], listed: list[dict[str, Any]] | None = None) -> None:
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        shops = folder / "shops.json"
        shops.write_text(json.dumps(SHOPS if listed is None else listed))
        own = {"SKUSTREAM_SHOPS": str(shops), "SKUSTREAM_STATE": str(folder), "SKUSTREAM_GATEWAY_PORT": str(port)}
        self._env = {**os.environ, **env, **own}
        self.url = f"http://127.0.0.1:{port}"
        self.http = httpx.Client(timeout=10)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, ready: bool = True) -> None:
        """Start it, and wait until it takes webhooks (or only lives, for ``ready=False``)."""
        with (self._folder / "gateway.log").open("ab") as log:
            self._process = subprocess.Popen([sys.executable, "-m", "connectors.gateway"], env=self._env, stderr=log)
        until(lambda: self.status("readyz" if ready else "livez") == 200)

    def status(self, page: str) -> int:
        """The status of an operator's page; 0 when nobody answers."""
        try:
            return self.http.get(f"{self.url}/{page}").status_code
        except httpx.HTTPError:
            return 0

    def state(self) -> dict[str, Any]:
        """What /readyz says."""
        told: dict[str, Any] = self.http.get(f"{self.url}/readyz").json()
        return told

    def log(self) -> str:
        """All that it has logged."""
        return (self._folder / "gateway.log").read_text()

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it, by kill -9 if asked."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(30)
            self._process = None

    def post(self, order: Mapping[str, Any], **headers: str) -> httpx.Response:
        """A signed Shopify delivery."""
        return self.post_bytes(json.dumps(order).encode(), **headers)

    def post_bytes(self, body: bytes, shop: str = "north", **headers: str) -> httpx.Response:
        """A signed Shopify delivery of any bytes; keywords replace headers (underscores for dashes)."""
        said = {
            "x-shopify-topic": "orders/updated",
            "x-shopify-webhook-id": f"delivery-{time.time_ns()}",
            "x-shopify-hmac-sha256": sign_base64(body, SECRET),
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post(f"{self.url}/webhooks/shopify/{shop}", content=body, headers=said)


def order(number: int, quantity: int = 1, minute: int = 0) -> dict[str, Any]:
    """A Shopify order of one line."""
    return {
        "id": number,
        "created_at": "2026-11-01T10:00:00Z",
        "updated_at": f"2026-11-01T10:{minute:02}:00Z",
        "financial_status": "paid",
        "fulfillment_status": None,
        "cancelled_at": None,
        "email": "somebody@example.com",
        "line_items": [{"id": number * 10, "sku": "TEA", "quantity": quantity}],
    }


@contextmanager
def running(folder: Path, env: Mapping[str, str]) -> Iterator[Gateway]:
    """A gateway that is ended whatever happens."""
    folder.mkdir(parents=True, exist_ok=True)
    gateway = Gateway(folder, env)
    try:
        gateway.start()
        yield gateway
    finally:
        gateway.stop(signal.SIGKILL)
        gateway.http.close()


def stored(env: Mapping[str, str], topic: str) -> list[Message]:
    """Every message of a topic, in order per partition."""
    settings = {"bootstrap.servers": env["SKUSTREAM_BROKERS"], "group.id": "test", "enable.partition.eof": True}
    consumer = Consumer(settings)
    try:
        partitions = consumer.list_topics(topic, timeout=30).topics[topic].partitions
        consumer.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in partitions])
        found, open_ends = [], len(partitions)
        while open_ends:
            message = consumer.poll(30)
            assert message is not None, f"{topic} could not be read"
            error = message.error()
            if error is None:
                found.append(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                open_ends -= 1
            else:
                raise KafkaException(error)
        return found
    finally:
        consumer.close()


def records(env: Mapping[str, str], topic: str) -> list[dict[str, Any]]:
    """Every record of a topic, decoded."""
    codec = Codec(Registry(env["SKUSTREAM_REGISTRY"]))
    return [codec.decode(message.value())[1] for message in stored(env, topic)]
