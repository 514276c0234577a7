"""`python -m infra.console`: the live page on loopback, port SKUSTREAM_CONSOLE_PORT."""

import asyncio
import contextlib
import ctypes
import logging
import signal
import sys
from collections.abc import Iterator

import structlog
import uvicorn

from connectors.process import USAGE, Incomplete, configure_logs
from infra.console.app import Console, build
from infra.console.settings import from_environment

M_ARENA_MAX = -8
LINE = (
    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    structlog.processors.JSONRenderer(),
)


class Server(uvicorn.Server):
    """Ends the open streams as soon as it is told to stop, which would otherwise hold it up, and then exits with 0."""

    def __init__(self, config: uvicorn.Config, console: Console) -> None:
        super().__init__(config)
        self._console = console

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT stop in good order; uvicorn's own way would raise the signal again at the end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)
        yield

    def _end(self) -> None:
        self._console.hub.close()
        self.should_exit = True


def _library_logs() -> None:
    """Errors of uvicorn and others as JSON lines too; ClickHouse's are shown on the page and need no second telling."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=LINE, foreign_pre_chain=[]))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("clickhouse_connect").setLevel(logging.CRITICAL)
    logging.getLogger("urllib3").setLevel(logging.ERROR)


def _keep_memory_small() -> None:
    """Two arenas for all threads: glibc's usual one per thread keeps 20 MB that nobody uses."""
    with contextlib.suppress(AttributeError, OSError):  # another C library has no such setting, and needs none
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 2)


def main() -> int:
    """Run until SIGTERM or SIGINT; the exit status."""
    _keep_memory_small()
    configure_logs("console")
    _library_logs()
    try:
        settings = from_environment()
    except Incomplete as error:
        sys.stderr.write(f"console: {error}\n")
        return USAGE
    console = build(settings)
    config = uvicorn.Config(
        console.app, host="127.0.0.1", port=settings.port, log_config=None, access_log=False, server_header=False,
        timeout_graceful_shutdown=5, timeout_keep_alive=30, backlog=512,
    )  # fmt: skip
    structlog.get_logger().info("listening", url=f"http://127.0.0.1:{settings.port}/")
    Server(config, console).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
