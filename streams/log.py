"""One JSON line an event to stderr, for our own words and for those of Faust, aiokafka and librdkafka."""

import logging
import sys
import time

import structlog

ENGINE = logging.getLogger("faust.engine")
"""What Faust's own classes say, also where we subclass them; mode would name it after our modules."""
NOISY = {"aiokafka": logging.ERROR, "faust": logging.WARNING, "mode": logging.WARNING, "librdkafka": logging.WARNING}
REPEAT_AFTER = 5.0


class Seldom(logging.Filter):
    """Lets the same words of a client through once in five seconds: without a broker, aiokafka says them 160 times."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Called by logging; records of our own packages always pass."""
        if record.name.startswith("streams"):
            return True
        place, now = (record.pathname, record.lineno), time.monotonic()
        if now - self._last.get(place, -REPEAT_AFTER) < REPEAT_AFTER:
            return False
        self._last[place] = now
        return True


def set_up(level: int = logging.INFO) -> None:
    """Called once, before anything is logged."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.format_exc_info,
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(Seldom())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, least in NOISY.items():
        logging.getLogger(name).setLevel(least)
