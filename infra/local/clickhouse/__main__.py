"""`python -m infra.local.clickhouse --path DIR --port N`: serve the ClickHouse engine in DIR on loopback."""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

import structlog
from aiohttp import web

from infra.local.clickhouse.access import Tokens
from infra.local.clickhouse.engine import Engine
from infra.local.clickhouse.errors import EngineError
from infra.local.clickhouse.server import SERVER_NAME, Server

log = structlog.get_logger()

# chunks of a request body; larger ones mean fewer hand-overs between event loop and engine thread
_READ_BYTES = 1024 * 1024
_GRACE_SECONDS = 20


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.local.clickhouse", description=SERVER_NAME)
    parser.add_argument("--path", type=Path, required=True, help="folder of the data; made if it is not there")
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one; the log line 'ready' names it")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--memory-mb", type=int, default=1500, help="ceiling for the whole engine")
    return parser.parse_args()


def _tokens() -> Tokens:
    read_write = os.environ.get("SKUSTREAM_ENGINE_RW_TOKEN", "")
    if not read_write:
        raise SystemExit("SKUSTREAM_ENGINE_RW_TOKEN is not set: the engine serves nobody without a token")
    return Tokens(read_write, os.environ.get("SKUSTREAM_ENGINE_RO_TOKEN") or None)


async def _serve(engine: Engine, tokens: Tokens, host: str, port: int) -> None:
    server = Server(engine, tokens)
    runner = web.AppRunner(
        server.application(),
        access_log=None,
        auto_decompress=False,
        read_bufsize=_READ_BYTES,
        shutdown_timeout=_GRACE_SECONDS,
    )
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    log.info("ready", what=SERVER_NAME, version=engine.version, host=host, port=runner.addresses[0][1])
    await stop.wait()
    log.info("stopping")
    # waits for requests in hand: an insert that was begun is either acknowledged or not there
    await runner.cleanup()
    server.close()


def main() -> None:
    """Start the engine and serve until SIGTERM or SIGINT."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    arguments, tokens = _arguments(), _tokens()
    try:
        engine = Engine(arguments.path, arguments.memory_mb * 1024 * 1024)
    except EngineError as error:
        raise SystemExit(f"The engine does not start in {arguments.path}: {error.text}") from None
    try:
        asyncio.run(_serve(engine, tokens, arguments.host, arguments.port))
    finally:
        engine.close()


if __name__ == "__main__":
    main()
