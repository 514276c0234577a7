"""What every connector process does at its start: read its environment once, log JSON lines, stop on SIGTERM."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import structlog
import uvloop

USAGE = 2


class Incomplete(Exception):
    """The environment lacks something; the message says what and what it is for."""


PURPOSE = {
    "SKUSTREAM_BROKERS": "host:port of the Kafka broker",
    "SKUSTREAM_REGISTRY": "base URL of the schema registry's Confluent-compatible API",
    "SKUSTREAM_SHOPS": "path of shops.json",
    "SKUSTREAM_STATE": "folder for the process's own state",
    "SKUSTREAM_GATEWAY_PORT": "port to listen on",
}


def required(names: tuple[str, ...], environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The values of the environment variables. Raises Incomplete naming every one that is missing."""
    missing = [
        f"{name} ({PURPOSE.get(name, 'see the brief of the process')})" for name in names if not environ.get(name)
    ]
    if missing:
        raise Incomplete(f"not set: {', '.join(missing)}")
    return {name: environ[name] for name in names}


def say_ready(environ: Mapping[str, str] = os.environ) -> None:
    """Tell the supervisor that the work goes on now: the file that SKUSTREAM_READY names appears."""
    if name := environ.get("SKUSTREAM_READY"):
        Path(name).touch()


def configure_logs(process: str) -> None:
    """One JSON line an event on stderr, with the name of the process."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    structlog.contextvars.bind_contextvars(process=process)


def run(process: str, needs: tuple[str, ...], main: Callable[[dict[str, str]], Coroutine[Any, Any, None]]) -> int:
    """Run until it ends or SIGTERM or SIGINT cancels it; exit status 2 when the environment is incomplete."""

    async def until_stopped(environ: dict[str, str]) -> None:
        task = asyncio.ensure_future(main(environ))
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signum, task.cancel)
        try:
            await task
        except asyncio.CancelledError:
            structlog.get_logger().info("stopped")

    configure_logs(process)
    try:
        environ = required(needs)
        uvloop.run(until_stopped(environ))
    except Incomplete as error:
        sys.stderr.write(f"{process}: {error}\n")
        return USAGE
    return 0
