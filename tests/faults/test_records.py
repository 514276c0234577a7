"""Records that cannot be handled: dead-lettered in the same transaction, with the partition going on."""

from streams.runtime.errors import Exit
from tests.faults import ledger
from tests.faults.scene import Message, Scene, until

REASONS = {
    "x-original-topic", "x-original-partition", "x-original-offset", "x-original-timestamp", "x-error-class",
    "x-error-message", "x-error-stage", "x-attempts", "x-first-failed-at", "x-app-version",
}  # fmt: skip


def dead(scene: Scene) -> list[Message]:
    """All dead letters."""
    return [message for topic in scene.inputs for message in scene.read(f"{topic}.dlq")]


def test_only_the_bad_records_are_dead_lettered(scene: Scene) -> None:
    producer = scene.producer()
    bad: list[bytes | None] = [None, b"", b"\0\0\0", ledger.event(900_001, ledger.BUG), b"\xff" * 300]
    for number, value in enumerate(bad * 4):
        scene.send(40)
        key = f"key-{number}".encode()
        producer.produce(scene.inputs[number % 2], value, key, headers=[("traceparent", b"00-1")])
    producer.flush()
    scene.send(40)
    scene.start(SKUSTREAM_DEAD_RATIO="0.9")
    scene.finish()
    scene.check()
    letters = dead(scene)
    assert sorted((value or b"\0none") for _, value, _ in letters) == sorted((v or b"\0none") for v in bad * 4)
    for _, value, headers in letters:
        told = dict(headers)
        assert told.keys() >= REASONS
        assert told["traceparent"] == b"00-1"
        assert told["x-attempts"] == b"1"
        assert told["x-error-stage"] == (b"decode" if value is None else b"apply")
    bugs = [dict(headers) for _, value, headers in letters if value == bad[3]]
    assert {told["x-error-class"] for told in bugs} == {b"ZeroDivisionError"}


def test_too_many_bad_records_stop_the_worker_and_a_restart_stops_at_the_same_place(scene: Scene) -> None:
    scene.send(300)
    producer = scene.producer()
    for _ in range(60):
        producer.produce(scene.inputs[0], b"bad", b"one-key")
    producer.flush()
    for _ in range(2):
        scene.start(SKUSTREAM_DEAD_STREAK="25", SKUSTREAM_POLL_RECORDS="10")
        assert scene.wait_exit() == Exit.DEAD_LETTERS
        assert len(dead(scene)) <= 25
    assert "in a row failed (limit 25)" in scene.log()
    scene.start(SKUSTREAM_DEAD_STREAK="25", SKUSTREAM_POLL_RECORDS="10", SKUSTREAM_VERSION="repaired")
    scene.wait_exit()
    assert len(dead(scene)) > 25, "a new version of the program gets a fresh count"


def test_nothing_is_dead_lettered_because_something_else_is_away(scene: Scene) -> None:
    back = scene.folder / "registry-is-back"
    scene.send(400)
    scene.start(LEDGER_AWAY=str(back))
    until("some attempts", lambda: scene.log().count("attempt") >= 3)
    assert scene.committed() <= 0
    back.touch()
    scene.finish()
    assert dead(scene) == []
    scene.check()


def test_a_record_whose_output_is_too_large_is_dead_lettered(scene: Scene) -> None:
    scene.send(60)
    producer = scene.producer()
    producer.produce(scene.inputs[0], ledger.event(900_002, ledger.HUGE), b"key-1")
    producer.flush()
    scene.send(60)
    scene.start()
    scene.finish()
    scene.check()
    (letter,) = dead(scene)
    assert letter[1] == ledger.event(900_002, ledger.HUGE)
    assert dict(letter[2])["x-error-stage"] == b"publish"


def test_aborted_data_and_control_records_of_the_input_are_no_holes(scene: Scene) -> None:
    producer = scene.producer(**{"transactional.id": f"{scene.name}-filler"})
    producer.init_transactions(30)
    scene.start()
    for number in range(60):
        producer.begin_transaction()
        for _ in range(17):
            scene.send_one(producer, 5, good=number % 5 != 0)
        producer.flush()
        if number % 5 == 0:
            producer.abort_transaction(30)
        else:
            producer.commit_transaction(30)
    scene.finish()
    scene.check()
    assert "hole" not in scene.log()


def test_a_hole_in_what_was_fetched_is_seen_and_fetched_again(scene: Scene) -> None:
    scene.send(1500)
    scene.start(fault="taken:hole:3,taken:hole:7")
    scene.finish()
    scene.check()
    assert scene.log().count("hole: ") == 2
