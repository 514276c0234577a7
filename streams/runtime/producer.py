"""Transactional producers of librdkafka: how they are made, how an old owner is shut out, what their errors mean."""

import logging
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer

from streams.runtime.errors import Fenced, Superseded, Unavailable, Unpublishable
from streams.runtime.settings import Settings

log = logging.getLogger(__name__)
INIT_TIMEOUT = 30.0
QUICK, QUICK_TRIES = 0.15, 3
FENCED = {
    KafkaError._FENCED,
    KafkaError.PRODUCER_FENCED,
    KafkaError.INVALID_PRODUCER_EPOCH,
    KafkaError.FENCED_INSTANCE_ID,
}
SUPERSEDED = {KafkaError.ILLEGAL_GENERATION, KafkaError.UNKNOWN_MEMBER_ID, KafkaError.REBALANCE_IN_PROGRESS}
UNPUBLISHABLE = {KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE, KafkaError.INVALID_RECORD}
AWAY = {KafkaError._TIMED_OUT, KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._TIMED_OUT_QUEUE}


def client(settings: Settings, **more: Any) -> dict[str, Any]:
    """What every librdkafka client of a worker has in common."""
    return {
        "bootstrap.servers": settings.brokers,
        "logger": logging.getLogger("librdkafka"),
        "log_level": 4,
        # the default back-off of a broken connection reaches 10 s, which is most of a short outage
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 1000,
        **more,
    }


def new_id(app: str) -> str:
    """A transactional id nobody had before: each lease has its own, so that shutting out its owner harms no other."""
    return f"{app}-{uuid.uuid4().hex[:16]}"


def start(settings: Settings, transactional_id: str, patience: float = INIT_TIMEOUT) -> Producer:
    """A producer that is ready for its first transaction. Ends what the last owner of the id left open.

    Raises Unavailable after ``patience`` seconds.
    """
    producer = Producer(
        client(
            settings,
            **{
                "transactional.id": transactional_id,
                "transaction.timeout.ms": int(settings.transaction_timeout * 1000),
                "linger.ms": 2,
                "partitioner": "murmur2_random",
                "queue.buffering.max.messages": 1_000_000,
                # the broker judges each topic's own limit; ours must only not be the smaller one
                "message.max.bytes": 20_000_000,
                # 100 ms by default, paid whenever the coordinator is still closing the last transaction
                "retry.backoff.ms": 2,
                "retry.backoff.max.ms": 200,
                "delivery.report.only.error": False,
            },
        )
    )
    try:
        # librdkafka looks for the coordinator again only after half a second when it asks before it is connected
        producer.list_topics(timeout=INIT_TIMEOUT)
        producer.init_transactions(patience)
    except KafkaException as error:
        raise meaning(error) from error
    return producer


def shut_out(settings: Settings, transactional_ids: set[str]) -> None:
    """End the open transactions of these owners, markers and all; they can never commit again."""
    if not transactional_ids:
        return
    began = time.monotonic()
    with ThreadPoolExecutor(len(transactional_ids)) as pool:
        list(pool.map(lambda each: _end(settings, each), transactional_ids))
    log.info("shut out %d earlier owners in %.3f s", len(transactional_ids), time.monotonic() - began)


def _end(settings: Settings, transactional_id: str) -> None:
    # While the broker is still ending the open transaction, librdkafka asks again only after half a second; a fresh
    # client asks at once.
    for _ in range(QUICK_TRIES):
        try:
            start(settings, transactional_id, QUICK)
        except Unavailable:
            continue
        return
    start(settings, transactional_id)


def commit(producer: Producer, deadline: float) -> None:
    """Commit, and ask again while the broker is only slow. ``deadline`` is a monotonic time."""
    while True:
        try:
            producer.commit_transaction(max(0.1, min(5.0, deadline - time.monotonic())))
        except KafkaException as error:
            if not error.args[0].retriable() or time.monotonic() > deadline:
                raise
        else:
            return


def abort(producer: Producer) -> None:
    """End a transaction that failed, if the broker lets us; the next lease would end it anyway, only later."""
    try:
        producer.abort_transaction(5.0)
    except KafkaException as error:
        log.info("could not abort: %s", error)


def meaning(error: KafkaException) -> Exception:
    """What happens next: Fenced, Superseded, Unpublishable, Unavailable, or the error itself."""
    cause: KafkaError = error.args[0]
    code = cause.code()
    if code in FENCED:
        return Fenced(str(error))
    if code in SUPERSEDED:
        return Superseded(str(error))
    if code in UNPUBLISHABLE:
        return Unpublishable(str(error))
    if code in AWAY or cause.retriable():
        return Unavailable(f"the broker does not answer: {error}")
    return error
