"""Small parts: notes with offsets, group metadata, stores, watchdog, settings; and the private names we lean on."""

import inspect
import threading
import time
from pathlib import Path

import aiokafka
import pytest
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.consumer.subscription_state import SubscriptionState, TopicPartitionState
from faust.tables.recovery import Recovery
from faust.transport.consumer import Consumer

from streams.runtime.catchup import CatchUp
from streams.runtime.claims import Claim, Tally
from streams.runtime.errors import Exit, Stop
from streams.runtime.membership import Membership
from streams.runtime.settings import Settings
from streams.runtime.store import PartitionStore, Stores
from streams.runtime.watchdog import Watchdog


def test_the_private_names_we_use_exist_in_the_pinned_aiokafka() -> None:
    assert aiokafka.__version__ == "0.14.0"
    fetcher = inspect.getsource(Fetcher)
    for name in (
        "_prefetch_backoff",
        "_fetcher_timeout",
        "_records",
        "_subscriptions",
        "_closed",
        "_create_fetch_waiter",
    ):
        assert name in fetcher, name
    consumer = inspect.getsource(aiokafka.AIOKafkaConsumer)
    for name in ("_fetch_max_wait_ms", "_isolation_level", "_fetcher", "_coordinator", "_subscription", "_closed"):
        assert f"self.{name}" in consumer, name
    assert {"generation", "member_id"} <= set(GroupCoordinator.__init__.__code__.co_names)
    assert {"_position", "_paused"} <= set(TopicPartitionState.__init__.__code__.co_names)
    assert hasattr(SubscriptionState, "fetch_context")
    assert hasattr(SubscriptionState, "reassignment_in_progress")


def test_the_private_names_we_use_exist_in_the_pinned_faust() -> None:
    for name in ("_commit", "_add_gap", "wait_empty", "verify_all_partitions_active", "resume_flow", "perform_seek"):
        assert callable(getattr(Consumer, name)), name
    for name in ("_restart_recovery", "_slurp_changelogs", "_resume_streams"):
        assert hasattr(Recovery, name), name


@pytest.mark.parametrize(
    "claim",
    [Claim(), Claim("me", "1.0"), Claim("me", "1.0", Tally(900, 3, 2))],
    ids=["nothing", "owner", "failures"],
)
def test_a_note_survives_the_offset(claim: Claim) -> None:
    assert Claim.decode(claim.encode()) == claim


@pytest.mark.parametrize("text", [None, "", "by hand", "[]", '{"tally": 3}', '{"tally": {"x": 1}}'])
def test_a_note_by_somebody_else_is_none(text: str | None) -> None:
    assert Claim.decode(text) == Claim()


def test_old_failures_weigh_less() -> None:
    tally = Tally()
    for _ in range(100):
        tally.bad()
    tally.good(50_000)
    assert tally.failed < 0.05 * tally.seen
    assert tally.streak == 0


def test_group_metadata_is_as_librdkafka_writes_it() -> None:
    assert Membership("g", 5, "m").as_bytes() == b"CGMDv2:\x05\0\0\0g\0m\0\x01"
    assert Membership("g", 5, "m", "i").as_bytes() == b"CGMDv2:\x05\0\0\0g\0m\0\0i\0"


def test_a_store_keeps_rows_and_position_and_rebuilds_a_torn_folder(tmp_path: Path) -> None:
    store = PartitionStore(tmp_path / "t" / "0")
    store.write([(b"b", b"2"), (b"a", b"1"), (b"c", None)], 12)
    store.close()
    store = PartitionStore(tmp_path / "t" / "0")
    assert list(store.items()) == [(b"a", b"1"), (b"b", b"2")]
    assert (store.position() or (0,))[0] == 12
    store.close()
    (tmp_path / "t" / "0" / "CURRENT").unlink()
    store = PartitionStore(tmp_path / "t" / "0")
    assert list(store.items()) == []
    assert store.position() is None


def test_only_the_partitions_held_stay_open(tmp_path: Path) -> None:
    stores = Stores(tmp_path)
    for partition in range(3):
        stores.of("t", partition).write([(b"%d" % partition, b"row")], partition)
    stores.keep_only({1})
    assert [key for store in stores.open_of("t") for key, _ in store.items()] == [b"1"]
    assert stores.of("t", 0).get(b"0") == b"row"


@pytest.mark.parametrize(
    ("offset", "end", "age", "start"),
    [(9, 10, 0, 10), (9, 20, 0, 10), (9, 9, 0, 0), (9, 20, 13 * 3600, 0), (9, 10, 13 * 3600, 10)],
    ids=["complete", "behind", "of another changelog", "behind and older than deletions", "complete and old"],
)
def test_where_catching_up_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offset: int, end: int, age: int, start: int
) -> None:
    store = PartitionStore(tmp_path / "0")
    with monkeypatch.context() as patched:
        now = time.time()
        patched.setattr(time, "time", lambda: now - age)
        store.write([(b"a", b"1")], offset)
    assert CatchUp._start(store, end) == start
    assert list(store.items()) == ([] if start == 0 else [(b"a", b"1")])


def test_the_watchdog_ends_what_takes_too_long() -> None:
    said: list[tuple[Exit, str]] = []
    over = threading.Event()

    def end(code: Exit, message: str) -> None:
        said.append((code, message))
        over.set()

    watchdog = Watchdog(1.0, end)
    watchdog.expect("something quick", 0.05)
    watchdog.expect("something slow", 60.0)
    watchdog.start()
    assert over.wait(5.0)
    watchdog.stop()
    assert said[0][0] == Exit.STALLED
    assert "something quick took longer than 0.1 s" in said[0][1]


def test_the_watchdog_is_content_with_what_is_done() -> None:
    watchdog = Watchdog(1.0, lambda code, message: None)
    watchdog.expect("a handler")
    assert watchdog.check(time.monotonic() + 0.5) is None
    assert watchdog.check(time.monotonic() + 1.5) is not None
    watchdog.done("a handler")
    assert watchdog.check(time.monotonic() + 1.5) is None


def test_settings_name_everything_that_is_wrong() -> None:
    with pytest.raises(Stop, match=r"SKUSTREAM_STATE.*SKUSTREAM_PACE='slow'") as stop:
        Settings.from_environ({"SKUSTREAM_BROKERS": "b:1", "SKUSTREAM_PACE": "slow"})
    assert stop.value.code == Exit.CONFIG


def test_settings_from_the_environment() -> None:
    settings = Settings.from_environ({"SKUSTREAM_BROKERS": "b:1", "SKUSTREAM_STATE": "s", "SKUSTREAM_TRIES": "3"})
    assert (settings.brokers, settings.state, settings.tries) == ("b:1", Path("s"), 3)
