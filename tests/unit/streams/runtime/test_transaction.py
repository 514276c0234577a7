"""What a handler sees: its own writes, savepoints, scans over store and writes."""

from pathlib import Path
from typing import Any

import pytest

from streams.runtime import Batch, RecordError, Table, Transaction, Unavailable
from streams.runtime.applying import Applier
from streams.runtime.cache import View
from streams.runtime.claims import Tally
from streams.runtime.deadletters import Limit
from streams.runtime.errors import StateDamaged, Stop
from streams.runtime.store import PartitionStore

TEXT: Table[str] = Table("text", str.encode, bytes.decode)


class Input:
    """As much of a ConsumerRecord as is looked at."""

    topic, partition, timestamp = "in.v1", 0, 1_700_000_000_000
    headers: tuple[tuple[str, bytes], ...] = ()

    def __init__(self, offset: int, value: bytes = b"good") -> None:
        self.offset, self.key, self.value = offset, b"k%d" % offset, value


@pytest.fixture
def view(tmp_path: Path) -> View:
    store = PartitionStore(tmp_path / "text" / "0")
    store.write([(b"a", b"1"), (b"b", b"2"), (b"d", b"4")], 7)
    return View(TEXT, 0, store, 100)


@pytest.fixture
def tx(view: View) -> Transaction:
    return Transaction(0, {TEXT: view}, "test")


def test_rows_come_from_the_store_and_writes_are_seen_at_once(tx: Transaction) -> None:
    assert tx.get(TEXT, b"a") == "1"
    assert tx.get(TEXT, b"nothing") is None
    tx.put(TEXT, b"a", "one")
    tx.delete(TEXT, b"b")
    assert tx.get(TEXT, b"a") == "one"
    assert tx.get(TEXT, b"b") is None


def test_a_scan_is_in_key_order_over_store_and_writes(tx: Transaction) -> None:
    tx.put(TEXT, b"c", "3")
    tx.put(TEXT, b"a", "one")
    tx.delete(TEXT, b"b")
    tx.put(TEXT, b"z", "26")
    assert list(tx.scan(TEXT)) == [(b"a", "one"), (b"c", "3"), (b"d", "4"), (b"z", "26")]
    assert list(tx.scan(TEXT, b"b", b"d")) == [(b"c", "3")]
    assert list(tx.scan(TEXT, b"b", b"d\0")) == [(b"c", "3"), (b"d", "4")]


def test_a_scan_is_not_disturbed_by_what_is_put_meanwhile(tx: Transaction) -> None:
    for key, row in tx.scan(TEXT):
        tx.put(TEXT, key, row + "!")
        tx.put(TEXT, key + b"-more", "new")
    assert tx.get(TEXT, b"d") == "4!"


def test_rollback_goes_back_to_the_last_savepoint_only(tx: Transaction, view: View) -> None:
    tx.put(TEXT, b"a", "one")
    tx.send("out.v1", b"a", b"1")
    assert len(tx.take_outputs()) == 1
    tx.put(TEXT, b"a", "wrong")
    tx.put(TEXT, b"new", "wrong")
    tx.delete(TEXT, b"d")
    tx.send("out.v1", b"a", b"wrong")
    tx.rollback()
    assert tx.take_outputs() == []
    assert view.encoded() == [(b"a", b"one")]
    assert (tx.get(TEXT, b"new"), tx.get(TEXT, b"d")) == (None, "4")


def test_a_row_that_cannot_be_read_is_the_stores_fault(tmp_path: Path) -> None:
    store = PartitionStore(tmp_path / "0")
    store.write([(b"a", b"\xff\xfe")], 1)
    broken = Transaction(0, {TEXT: View(TEXT, 0, store, 10)}, "test")
    with pytest.raises(StateDamaged):
        broken.get(TEXT, b"a")


def test_cold_rows_are_dropped_and_read_again(tmp_path: Path) -> None:
    store = PartitionStore(tmp_path / "0")
    view = View(TEXT, 0, store, 2)
    tx = Transaction(0, {TEXT: view}, "test")
    for number in range(10):
        tx.put(TEXT, b"%d" % number, str(number))
        tx.take_outputs()
        store.write(view.encoded(), number)
        view.committed()
    assert len(view.rows) + len(view.cold) <= 6
    assert [tx.get(TEXT, b"%d" % number) for number in range(10)] == [str(number) for number in range(10)]


def applied(tx: Transaction, handler: Any, records: list[Input], limit: Limit | None = None) -> tuple[list[Any], Tally]:
    tally = Tally()
    outputs = Applier(handler, limit or Limit(50, 1.0)).apply(Batch("in.v1", 0, records), tx, tally)
    return outputs, tally


def handle(batch: Batch, tx: Transaction) -> None:
    for record in batch.records:
        seen = tx.get(TEXT, b"count") or "0"
        tx.put(TEXT, b"count", str(int(seen) + 1))
        tx.send("out.v1", record.key, record.value)
        if record.value == b"bad":
            raise RecordError("no good", "validate")
        if record.value == b"away":
            raise Unavailable("registry")


@pytest.mark.parametrize("bad", [{0}, {6}, {3, 4}, {0, 2, 5, 6}, set(range(7)), set()])
def test_only_the_bad_records_leave_nothing_but_a_dead_letter(tx: Transaction, view: View, bad: set[int]) -> None:
    records = [Input(n, b"bad" if n in bad else b"good") for n in range(7)]
    outputs, tally = applied(tx, handle, records)
    sent = [(topic, key) for topic, key, *_ in outputs]
    assert sent == [("in.v1.dlq" if n in bad else "out.v1", b"k%d" % n) for n in range(7)]
    assert (tx.get(TEXT, b"count") or "0") == str(7 - len(bad))
    assert (tally.seen, tally.failed) == (7, len(bad))


def test_what_is_not_the_records_fault_is_raised(tx: Transaction) -> None:
    with pytest.raises(Unavailable):
        applied(tx, handle, [Input(0), Input(1, b"away")])


def test_a_dead_letter_carries_its_reasons(tx: Transaction) -> None:
    record = Input(41, b"bad")
    record.headers = (("x-attempts", b"2"), ("x-first-failed-at", b"2026-01-01"), ("ce_id", b"7"))
    ((topic, key, value, headers, _),), _ = applied(tx, handle, [record])
    told = dict(headers)
    assert (topic, key, value) == ("in.v1.dlq", b"k41", b"bad")
    assert told["x-original-offset"] == b"41"
    assert told["x-attempts"] == b"3"
    assert told["x-first-failed-at"] == b"2026-01-01"
    assert told["x-error-stage"] == b"validate"
    assert told["x-error-class"] == b"streams.runtime.errors.RecordError"
    assert told["ce_id"] == b"7"


def test_a_streak_of_failures_stops(tx: Transaction) -> None:
    with pytest.raises(Stop, match="4 records in a row"):
        applied(tx, handle, [Input(n, b"bad") for n in range(9)], Limit(3, 1.0))


def test_a_part_of_failures_stops(tx: Transaction) -> None:
    records = [Input(n, b"bad" if n % 4 == 0 else b"good") for n in range(800)]
    with pytest.raises(Stop, match=r"of the last \d+ records failed"):
        applied(tx, handle, records, Limit(100, 0.2))
