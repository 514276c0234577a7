"""Leases on a real broker: who may commit, who is shut out, and what a new owner waits for."""

import threading
import time

import pytest
from confluent_kafka import KafkaException, TopicPartition

from streams.runtime import producer
from streams.runtime.errors import Fenced, Superseded
from streams.runtime.lease import Lease
from streams.runtime.membership import Membership
from tests.integration.streams.conftest import Group


def always() -> bool:
    return True


def begin(group: Group, lease: Lease, row: bytes, offset: int, *, offsets: bool = True) -> None:
    """A transaction with one changelog record, left open."""
    lease.producer.begin_transaction()
    lease.producer.produce(group.changelog, row, b"key", 0)
    lease.producer.flush()
    if offsets:
        to = [TopicPartition(group.input, 0, offset)]
        lease.producer.send_offsets_to_transaction(to, lease.membership.as_bytes(), 10)


def test_a_first_lease_begins_where_the_log_begins(group: Group) -> None:
    lease = group.takeover().run(group.tps, group.join()(), always)
    assert lease.committed == dict.fromkeys(group.tps, 0)


@pytest.mark.parametrize("instance", ["", "one"], ids=["dynamic", "static"])
def test_a_claim_of_a_past_generation_or_of_nobody_is_refused(group: Group, instance: str) -> None:
    now = group.join(instance)()
    group.takeover().run(group.tps, now, always)
    past = Membership(now.group, now.generation - 1, now.member, instance)
    with pytest.raises(Superseded):
        group.takeover().run(group.tps, past, always)
    nobody = Membership(now.group, now.generation, "nobody", instance)
    with pytest.raises(Fenced if instance else Superseded):
        group.takeover().run(group.tps, nobody, always)


def test_an_owner_with_an_open_transaction_is_shut_out_at_once(group: Group) -> None:
    member = group.join()
    old = group.takeover("old").run(group.tps, member(), always)
    begin(group, old, b"never", 5)
    began = time.monotonic()
    new = group.takeover("new").run(group.tps, member(), always)
    assert time.monotonic() - began < 10, "far less than the transaction's timeout of 60 s"
    assert new.committed == dict.fromkeys(group.tps, 0)
    with pytest.raises(KafkaException) as refused:
        old.producer.commit_transaction(10)
    assert isinstance(producer.meaning(refused.value), Fenced)


def test_an_owner_that_nobody_shut_out_is_stopped_by_its_generation(group: Group) -> None:
    first = group.join()
    old = group.takeover("old").run(group.tps, first(), always)
    begin(group, old, b"never", 5, offsets=False)
    group.join()
    deadline = time.monotonic() + 20
    while first().generation == old.membership.generation and time.monotonic() < deadline:
        time.sleep(0.02)
    to = [TopicPartition(group.input, 0, 5)]
    with pytest.raises(KafkaException) as refused:
        old.producer.send_offsets_to_transaction(to, old.membership.as_bytes(), 10)
    assert isinstance(producer.meaning(refused.value), Superseded)
    old.producer.abort_transaction(10)


def test_a_new_owner_waits_for_a_transaction_that_is_not_named_in_the_notes(group: Group) -> None:
    member = group.join()
    takeover = group.takeover("new")
    stranger = Lease(producer.new_id(group.name), None, member(), {}, {})
    stranger.producer = producer.start(group.settings, stranger.owner)
    begin(group, stranger, b"row", 5)
    found: list[Lease] = []
    waiting = threading.Thread(target=lambda: found.append(takeover.run(group.tps, member(), always)))
    waiting.start()
    waiting.join(1.5)
    assert waiting.is_alive(), "offsets are unstable: nothing may be done yet"
    stranger.producer.commit_transaction(10)
    waiting.join(20)
    assert found[0].committed[group.tps[0]] == 5
    assert takeover._stores.of("rows", 0).get(b"key") == b"row", "its changelog came along"


def test_a_new_owner_waits_for_changelog_records_that_are_still_open(group: Group) -> None:
    member = group.join()
    takeover = group.takeover("new")
    stranger = Lease(producer.new_id(group.name), None, member(), {}, {})
    stranger.producer = producer.start(group.settings, stranger.owner)
    begin(group, stranger, b"row", 5, offsets=False)
    found: list[Lease] = []
    waiting = threading.Thread(target=lambda: found.append(takeover.run(group.tps, member(), always)))
    waiting.start()
    waiting.join(1.5)
    assert waiting.is_alive(), "the end of the changelog is not settled"
    stranger.producer.abort_transaction(10)
    waiting.join(20)
    assert found[0].committed[group.tps[0]] == 0
    assert takeover._stores.of("rows", 0).get(b"key") is None


def test_a_takeover_gives_up_when_the_group_moves_on(group: Group) -> None:
    member = group.join()
    stranger = Lease(producer.new_id(group.name), None, member(), {}, {})
    stranger.producer = producer.start(group.settings, stranger.owner)
    begin(group, stranger, b"row", 5)
    with pytest.raises(Superseded):
        group.takeover().run(group.tps, member(), lambda: False)
    stranger.producer.abort_transaction(10)
