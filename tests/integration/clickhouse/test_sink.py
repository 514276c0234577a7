"""The sink against real Kafka, a real registry and the real engine: every record once, whoever is killed."""

import json
import threading
import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from connectors.clickhouse.client import UNKNOWN_DATABASE, UNKNOWN_TABLE, DatabaseError, Unavailable
from connectors.clickhouse.history import HISTORY_TABLES
from connectors.clickhouse.progress import behind
from connectors.kafka.topics import apply_topics
from infra.local.stack import Stack
from schemas.topics import ALERTS, ERP_CHANGES, SOURCES, STOCK, TRUTH
from tests.builders import record
from tests.integration.clickhouse.engine_process import EngineProcess
from tests.integration.clickhouse.sink_process import Feeder, SinkProcess, until

pytestmark = pytest.mark.stack
EXAMPLES = Path(__file__).parents[3] / "schemas" / "examples"


@pytest.fixture
def feeder(stack: Stack) -> Feeder:
    apply_topics(stack.env["SKUSTREAM_BROKERS"])
    return Feeder(stack.env["SKUSTREAM_BROKERS"], stack.env["SKUSTREAM_REGISTRY"])


@pytest.fixture
def target(tmp_path: Path) -> Iterator[EngineProcess]:
    process = EngineProcess(tmp_path / "data").start()
    yield process
    process.stop()


@pytest.fixture
def sink(stack: Stack, target: EngineProcess, tmp_path: Path) -> Iterator[SinkProcess]:
    address = {"SKUSTREAM_CLICKHOUSE": target.url(database="skustream")}
    process = SinkProcess({**stack.env, **address}, tmp_path)
    yield process
    process.stop()


def truths(run: str, count: int, start: int = 0) -> list[dict[str, object]]:
    return [
        record("TruthRecorded", event_id=f"{run}-{n}", sample_id=run, sku=f"S{n % 97}", on_hand=n, sellable=n)[1]
        for n in range(start, start + count)
    ]


def rows(target: EngineProcess, query: str, run: str = "") -> list[tuple[Any, ...]]:
    """The answer; none while the engine or the tables are not there."""
    try:
        with target.client(database="skustream") as client:
            found = client.query(query, parameters={"run": run}, column_formats={"value": "bytes"})
            return [tuple(row) for row in found.result_rows]
    except (*Unavailable, DatabaseError) as error:
        if isinstance(error, DatabaseError) and error.code not in (None, UNKNOWN_TABLE, UNKNOWN_DATABASE):
            raise
        return []


def count_of(target: EngineProcess, run: str) -> tuple[int, int]:
    """Rows and different events of a run, without any merging help."""
    query = "SELECT count(), uniqExact(event_id) FROM truth WHERE sample_id = {run:String}"
    found = rows(target, query, run)
    return (int(found[0][0]), int(found[0][1])) if found else (-1, -1)


def has_rows(target: EngineProcess, table: str) -> bool:
    return rows(target, f"SELECT count() > 0 FROM {table}") == [(1,)]


def test_kill_9_of_the_sink_and_of_the_engine(feeder: Feeder, sink: SinkProcess, target: EngineProcess) -> None:
    run, sent, step = uuid.uuid4().hex, 40_000, 1_000

    def feed() -> None:
        for start in range(0, sent, step):
            feeder.send(TRUTH.name, "TruthRecorded", truths(run, step, start))

    def grows() -> None:
        before = max(0, count_of(target, run)[0])
        until(lambda: count_of(target, run)[0] > before or before >= sent, "rows arrive")

    sink.start()
    thread = threading.Thread(target=feed)
    thread.start()
    for _ in range(2):
        grows()
        sink.kill()
        sink.start()
        grows()
        target.kill()
        target.start()
    thread.join()
    until(lambda: count_of(target, run)[1] == sent, "everything is stored", 120)
    assert count_of(target, run) == (sent, sent)


def test_rows_stored_ahead_of_the_offsets_are_not_stored_again(
    feeder: Feeder, sink: SinkProcess, target: EngineProcess
) -> None:
    run = uuid.uuid4().hex
    feeder.send(TRUTH.name, "TruthRecorded", truths(run, 1_000))
    sink.start()
    until(lambda: count_of(target, run)[0] == 1_000, "the first rows")
    assert sink.stop() == 0
    client = target.client(database="skustream")
    client.command("TRUNCATE TABLE sink_offsets")
    delete = "ALTER TABLE truth DELETE WHERE sample_id = {run:String} AND on_hand % 3 = 0"
    client.command(delete, parameters={"run": run}, settings={"mutations_sync": 1})
    assert count_of(target, run) == (666, 666)
    feeder.send(TRUTH.name, "TruthRecorded", truths(run, 500, 1_000))
    sink.start()
    until(lambda: count_of(target, run)[1] == 1_500, "what was missing")
    assert count_of(target, run) == (1_500, 1_500)


def test_clickhouse_away(feeder: Feeder, sink: SinkProcess, target: EngineProcess) -> None:
    run = uuid.uuid4().hex
    sink.start()
    until(lambda: bool(sink.events("assigned")), "the sink is assigned")
    target.kill()
    feeder.send(TRUTH.name, "TruthRecorded", truths(run, 3_000))
    until(
        lambda: any(line["for_what"] == "ClickHouse" for line in sink.events("waiting")), "the sink says that it waits"
    )
    target.start()
    until(lambda: count_of(target, run)[0] == 3_000, "the sink catches up")
    assert count_of(target, run) == (3_000, 3_000)
    assert sink.events("back") != []


def test_registry_away(stack: Stack, feeder: Feeder, sink: SinkProcess, target: EngineProcess) -> None:
    run = uuid.uuid4().hex
    feeder.send(TRUTH.name, "TruthRecorded", truths(run, 10))
    there = sink.environment["SKUSTREAM_REGISTRY"]
    sink.environment["SKUSTREAM_REGISTRY"] = "http://127.0.0.1:9/apis/ccompat/v7"
    sink.start()
    until(lambda: any("registry" in str(line["for_what"]) for line in sink.events("waiting")), "it waits")
    assert count_of(target, run)[0] <= 0
    assert sink.stop() == 0
    sink.environment["SKUSTREAM_REGISTRY"] = there
    sink.start()
    until(lambda: count_of(target, run)[0] == 10, "all rows after the registry is back")


def test_bad_records_go_to_the_dead_letters_and_the_rest_goes_on(
    feeder: Feeder, sink: SinkProcess, target: EngineProcess
) -> None:
    run = uuid.uuid4().hex
    wrong_topic = feeder.codec.encode("TruthRecorded", truths(run, 1)[0])
    bad = [b"", b"\x01nonsense", b"\x00\xff\xff\xff\xffbody", wrong_topic, None]
    for value in bad:
        feeder.raw(ALERTS.name, value, run.encode())
    feeder.raw(ERP_CHANGES.name, b"{no json", run.encode())
    feeder.raw(STOCK.name, None, run.encode())  # a tombstone of a compacted topic is no fault
    words = {"kind": "k", "subject": run, "state": "open", "severity": "info", "summary": "", "action": ""}
    feeder.send(ALERTS.name, "AlertRaised", [record("AlertRaised", cause_id="", **words)[1]], key="subject")
    sink.start()
    query = (
        "SELECT original_topic, value, error_stage, error_class, headers['x-failed-in'] FROM dead_letters "
        "WHERE key = {run:String} ORDER BY original_topic, original_partition, original_offset"
    )
    until(lambda: len(rows(target, query, run)) >= 6, "the dead letters")
    found = rows(target, query, run)
    assert [row[:2] for row in found] == [
        ("erp.tryton.changes.v1", b"{no json"),
        *(("ops.alerts.v1", value or b"") for value in bad),
    ]
    assert {row[2:] for row in found} == {("decode", "UndecodableRecord", "clickhouse-sink")}
    until(
        lambda: rows(target, "SELECT count() FROM alerts WHERE subject = {run:String}", run) == [(1,)], "the good one"
    )


def test_each_topic_reaches_its_table(feeder: Feeder, sink: SinkProcess, target: EngineProcess) -> None:
    for topic in SOURCES:
        for contract in topic.records:
            for value in json.loads((EXAMPLES / f"{contract.__name__}.json").read_text()):
                feeder.raw(topic.name, feeder.codec.encode(contract.__name__, value))
    feeder.raw(ERP_CHANGES.name, b'{"op": "c", "ts_ms": 2, "source": {"table": "stock_move", "lsn": 7, "ts_ms": 1}}')
    feeder.flush()
    sink.start()
    for table in HISTORY_TABLES:
        if table.name != "dead_letters":
            until(partial(has_rows, target, table.name), table.name)
    assert rows(target, "SELECT table_name FROM erp_changes WHERE lsn = 7 LIMIT 1") == [("stock_move",)]
    assert rows(target, "SELECT DISTINCT record FROM decisions ORDER BY record") == [
        ("OrderAccepted",),
        ("OrderCancelled",),
        ("OrderCompleted",),
        ("OrderRejected",),
    ]


def test_offsets_reach_the_end_behind_transaction_markers(
    stack: Stack, feeder: Feeder, sink: SinkProcess, target: EngineProcess
) -> None:
    run = uuid.uuid4().hex
    brokers = stack.env["SKUSTREAM_BROKERS"]
    producer = Producer({"bootstrap.servers": brokers, "transactional.id": run})
    producer.init_transactions()
    encode = feeder.codec.encoder("TruthRecorded")
    for number, value in enumerate(truths(run, 6)):
        producer.begin_transaction()
        producer.produce(TRUTH.name, encode(value), run.encode())
        producer.commit_transaction() if number % 2 else producer.abort_transaction()
    sink.start()
    until(lambda: behind(brokers, target.url(database="skustream")) == 0, "nothing is behind")
    assert rows(target, "SELECT count() FROM truth WHERE sample_id = {run:String}", run) == [(3,)]
