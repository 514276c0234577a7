"""``python -m connectors.erp``: the order writer as a process."""

import signal
import sys
from pathlib import Path
from threading import Event

import structlog

from connectors.erp.tryton.client import ErpProtocolError, Tryton
from connectors.erp.writer import OrderWriter
from connectors.kafka.ids import CachedIds
from connectors.process import USAGE, Incomplete, configure_logs, required
from schemas.codec import Codec, SchemaUnavailable
from schemas.events import EVENTS
from schemas.registry import Registry

NEEDS = ("SKUSTREAM_BROKERS", "SKUSTREAM_REGISTRY", "SKUSTREAM_TRYTON", "SKUSTREAM_STATE")
NOT_LET_IN = 77
UNAVAILABLE = 69
REGISTRY_EVERY_S = 2.0
log = structlog.get_logger()


def codec_of(url: str, folder: Path, stop: Event) -> Codec | None:
    """Waits for the registry unless the ids are on disk; None when asked to stop meanwhile."""
    codec = Codec(CachedIds(Registry(url), folder / "schema-ids.json"))
    while not stop.is_set():
        try:
            for record in EVENTS:
                codec.encoder(record.__name__)
        except SchemaUnavailable as error:
            log.error("the schema registry is away and no ids are kept: waiting", problem=str(error))
            stop.wait(REGISTRY_EVERY_S)
        else:
            return codec
    return None


def main() -> int:
    """Exit status 0 when asked to stop, 2 for an incomplete environment, 77 when the ERP does not let us in."""
    configure_logs("order-writer")
    stop = Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stop.set())
    try:
        environ = required(NEEDS)
    except Incomplete as error:
        sys.stderr.write(f"order-writer: {error}\n")
        return USAGE
    codec = codec_of(environ["SKUSTREAM_REGISTRY"], Path(environ["SKUSTREAM_STATE"]), stop)
    if codec is None:
        return 0
    with Tryton(environ["SKUSTREAM_TRYTON"]) as erp:
        try:
            OrderWriter(environ["SKUSTREAM_BROKERS"], codec, erp, stop.is_set).run()
        except ErpProtocolError as error:
            log.error("the ERP does not let us in, or is no Tryton with our module", problem=str(error))
            return NOT_LET_IN
        except SchemaUnavailable as error:
            log.error("a record's schema is not to be had", problem=str(error))
            return UNAVAILABLE
    log.info("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
