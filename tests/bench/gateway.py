"""``python -m tests.bench.gateway URL SECRET``: signed webhooks at a steady rate from a process of its own.

Latency counts from the instant a webhook was due, so a slow answer makes the ones behind it late too.
"""

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from connectors.platforms.signing import sign_base64


@dataclass
class Result:
    """Answers by status, and seconds from due to answered."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)


def order(number: int) -> bytes:
    """A Shopify order of three lines, of the size that real ones have (about 3 KB)."""
    line = {
        "variant_id": 808950810,
        "title": "An article",
        "vendor": "nobody",
        "price": "19.99",
        "requires_shipping": True,
    }
    line |= {
        "fulfillment_status": None,
        "properties": [],
        "tax_lines": [{"title": "VAT", "price": "3.19", "rate": 0.19}],
    }
    lines = [
        {
            **line,
            "id": number * 10 + i,
            "sku": f"SKU-{(number + i) % 500}",
            "quantity": 1 + i,
            "fulfillable_quantity": 1 + i,
        }
        for i in range(3)
    ]
    body = {
        "id": 5_000_000_000_000 + number,
        "name": f"#{number}",
        "created_at": "2026-11-01T10:00:00-05:00",
        "updated_at": "2026-11-01T10:00:01-05:00",
        "financial_status": "paid",
        "fulfillment_status": None,
        "cancelled_at": None,
        "email": "someone@example.com",
        "billing_address": {
            "first_name": "A",
            "last_name": "B",
            "address1": "C",
            "city": "D",
            "zip": "E",
            "country": "F",
        },
        "line_items": lines,
        "refunds": [],
        "note_attributes": [{"name": f"n{i}", "value": "v" * 20} for i in range(20)],
        "total_price": "119.94",
    }
    return json.dumps(body).encode()


def requests(url: str, secret: str, count: int) -> list[bytes]:
    """Complete HTTP requests, signed before the clock runs."""
    where = urlsplit(url)
    made = []
    for number in range(1, count + 1):
        body = order(number)
        head = (
            f"POST {where.path} HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Type: application/json\r\n"
            f"X-Shopify-Topic: orders/create\r\nX-Shopify-Webhook-Id: {number}-{time.time_ns()}\r\n"
            f"X-Shopify-Hmac-Sha256: {sign_base64(body, secret)}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return made


async def one_connection(url: str, due: "asyncio.Queue[tuple[float, bytes]]", result: Result) -> None:
    """Send what is due over one kept connection."""
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    while True:
        at, request = await due.get()
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
        result.statuses[int(head[9:12])] += 1
        result.seconds.append(time.perf_counter() - at)
        due.task_done()


async def run(url: str, secret: str, count: int, rate: float, connections: int) -> dict[str, float | dict[str, int]]:
    """The figures of one run."""
    ready = requests(url, secret, count)
    due: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
    result = Result()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one_connection(url, due, result)) for _ in range(connections)]
        started = time.perf_counter()
        for number, request in enumerate(ready):
            at = started + number / rate
            if at > time.perf_counter():
                await asyncio.sleep(at - time.perf_counter())
            due.put_nowait((at, request))
        await due.join()
        took = time.perf_counter() - started
        for task in tasks:
            task.cancel()
    seconds = sorted(result.seconds)
    return {
        "webhooks_per_second": round(count / took, 1),
        "p50_ms": round(seconds[len(seconds) // 2] * 1000, 2),
        "p99_ms": round(seconds[int(len(seconds) * 0.99)] * 1000, 2),
        "max_ms": round(seconds[-1] * 1000, 2),
        "statuses": {str(status): n for status, n in result.statuses.items()},
    }


def main() -> int:
    """Print the figures as one JSON line; 1 unless everything was answered with 200."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("secret")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--rate", type=float, default=1000.0)
    parser.add_argument("--connections", type=int, default=64)
    given = parser.parse_args()
    figures = asyncio.run(run(given.url, given.secret, given.count, given.rate, given.connections))
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0 if figures["statuses"] == {"200": given.count} else 1


if __name__ == "__main__":
    sys.exit(main())
