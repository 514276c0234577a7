"""Finds the orders that no webhook told: asks every shop what changed since the cursor, injects it as if told."""

import asyncio
import hashlib
import json
import random
import time
from pathlib import Path

import httpx
import structlog

from connectors.gateway.app import State
from connectors.gateway.judge import Incoming, understand
from connectors.gateway.records import DRIFT
from connectors.gateway.spool import SpoolFailed
from connectors.kafka.producer import Message
from connectors.platforms.api import RatedCaller
from connectors.platforms.contract import CallFailed, Fetched, Shop, Told
from connectors.platforms.registry import BY_NAME

EVERY_S = 10.0
GRACE_MS = 5_000
"""A change younger than this is left to its webhook, which is on its way."""
OVERLAP_MS = 2_000
"""Platforms stamp whole seconds and order within a second as they like."""
LOOK_BACK_MS = 3_600_000
log = structlog.get_logger()


class Backfill:
    """One loop per shop; a cursor per shop on disk, moved only when everything before it is durable."""

    def __init__(self, state: State, http: httpx.AsyncClient, path: Path, every_s: float = EVERY_S) -> None:
        self._state = state
        self._http = http
        self._path = path
        self._every_s = every_s
        self._cursors: dict[str, int] = _read(path)

    async def run(self) -> None:
        """Poll every shop of the directory, new ones too, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            running: set[tuple[str, str]] = set()
            while True:
                for name in self._state.shops.by_name:
                    if name not in running:
                        running.add(name)
                        tasks.create_task(self._poll(name))
                await asyncio.sleep(self._every_s)

    async def _poll(self, name: tuple[str, str]) -> None:
        while (shop := self._state.shops.by_name.get(name)) is not None:
            # shops must not be asked in step with each other
            await asyncio.sleep(self._every_s * random.uniform(0.8, 1.2))
            if self._state.records is None:
                continue
            try:
                await self.poll_once(shop)
            except (CallFailed, SpoolFailed) as error:
                log.warning("backfill failed, the cursor stays", channel=shop.channel, problem=str(error))

    async def poll_once(self, shop: Shop) -> int:
        """One round: the number of order changes that no webhook had told."""
        platform = BY_NAME[shop.platform]
        client = platform.client(shop, RatedCaller(self._http, platform.limits))
        until = time.time_ns() // 1_000_000 - GRACE_MS
        since = self._cursors.get(shop.channel, until - LOOK_BACK_MS)
        found = 0
        async for page in client.fetch_orders(since - OVERLAP_MS, until):
            found += await self._inject(shop, page)
        self._cursors[shop.channel] = until
        await asyncio.to_thread(_write, self._path, dict(self._cursors))
        return found

    async def _inject(self, shop: Shop, page: list[Fetched]) -> int:
        records, seen = self._state.records, self._state.seen
        if records is None:
            return 0
        found = 0
        messages: list[Message] = []
        told_now: list[tuple[str, int]] = []
        for fetched in page:
            told = Told(shop, time.time_ns() // 1_000_000, "backfill")
            judged = understand(fetched.delivery, fetched.body, told)
            if judged.verdict in DRIFT:
                name = (hashlib.sha256(fetched.body).hexdigest(), 0)
                if seen.is_new(*name):
                    incoming = Incoming(shop.platform, shop.shop, {}, fetched.body, told.received_at)
                    messages += records.of_delivery(incoming, judged)
                    told_now.append(name)
            for order in judged.orders:
                name = (order["order_key"], order["source_version"])
                if seen.is_new(*name):
                    messages.append(records.of_order(order))
                    told_now.append(name)
                    found += 1
        if messages:
            await self._state.durable.put(messages)
        for name in told_now:
            seen.note(*name)
        if found:
            self._state.metrics.backfilled.labels(shop.channel).inc(found)
            log.info("orders found by backfill", channel=shop.channel, orders=found)
        return found


def _read(path: Path) -> dict[str, int]:
    try:
        return {str(channel): int(cursor) for channel, cursor in json.loads(path.read_bytes()).items()}
    except FileNotFoundError:
        return {}


def _write(path: Path, cursors: dict[str, int]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(json.dumps(cursors))
    unfinished.replace(path)
