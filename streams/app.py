"""The Faust app of one agent: its topics, its tables, and the agent that hands each poll to the unit of work."""

import logging
import os
import sys
from collections.abc import AsyncIterable
from typing import Any, cast

import faust
import faust.stores
import faust.transport.drivers

from streams.log import ENGINE
from streams.runtime import Unit
from streams.runtime.errors import Exit
from streams.runtime.schema import PollSchema
from streams.runtime.settings import Settings
from streams.runtime.tables import SCHEME as STORE_SCHEME
from streams.runtime.transport import SCHEME, Consumer, brokers_url
from streams.runtime.work import UnitOfWork

log = logging.getLogger(__name__)
faust.transport.drivers.TRANSPORTS.aliases[SCHEME] = "streams.runtime.transport:Transport"
faust.stores.STORES.aliases[STORE_SCHEME] = "streams.runtime.tables:Store"


def group_of(agent: str) -> str:
    """Consumer group, Faust app id and prefix of the changelogs. A new number means: rebuild the state."""
    return f"skustream-{agent}-v1"


def end(code: Exit, message: str) -> None:
    """End the process now: nothing may be acknowledged, committed or cleaned up after this."""
    log.critical("%s (exit %d, %s)", message, code, code.name)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


class App(faust.App):
    """Faust's app, with the unit of work that its transport and its stores work for."""

    logger = ENGINE
    unit_of_work: UnitOfWork


def build_app(unit: Unit, settings: Settings) -> App:
    """The app of one unit, not started."""
    raw: faust.Schema[bytes, bytes] = faust.Schema(
        key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
    )
    app = App(
        group_of(unit.name),
        broker=list(brokers_url(settings.brokers)),
        store=f"{STORE_SCHEME}://",
        datadir=str(settings.state / unit.name / "faust"),
        topic_partitions=unit.partitions,
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        TableManager="streams.runtime.tables:Tables",
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=settings.instance or None,
        broker_session_timeout=settings.session_timeout,
        broker_heartbeat_interval=settings.session_timeout / 5,
        broker_request_timeout=max(30.0, settings.session_timeout),
        stream_wait_empty=True,
        web_enabled=False,
        worker_redirect_stdouts=False,
    )
    app.unit_of_work = UnitOfWork(group_of(unit.name), unit, settings, end)
    for table in unit.tables:
        app.Table(table.name, partitions=unit.partitions, schema=raw)
    inputs = app.topic(*unit.inputs, schema=PollSchema(), acks=False)

    @app.agent(inputs, name=unit.name)
    async def process(polls: AsyncIterable[Any]) -> None:
        consumer = cast(Consumer, app.consumer)
        async for poll in polls:
            await consumer.in_unit_thread(_work, app.unit_of_work, consumer, poll)

    return app


def _work(work: UnitOfWork, consumer: Consumer, poll: Any) -> None:
    try:
        work.run(poll)
    except BaseException as error:
        log.critical("the unit of work is broken: %r", error, exc_info=True)
        end(Exit.SOFTWARE, f"unexpected: {error!r}")
    consumer.finished(poll)
