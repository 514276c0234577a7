"""Local state that is gone, torn or foreign; input that is gone; and everything a worker refuses to start with."""

import shutil
import socket

from confluent_kafka import TopicPartition

from streams.runtime.errors import Exit
from tests.faults.scene import Scene


def test_local_state_is_rebuilt_from_the_changelog(scene: Scene) -> None:
    scene.send(800)
    scene.start()
    scene.wait_progress(0.999)
    scene.stop()
    tables = scene.folder / "one" / scene.name / "tables"
    shutil.rmtree(tables / "totals" / "0")
    (tables / "totals" / "1" / "CURRENT").unlink()
    (tables / "events" / "2" / "CURRENT").write_bytes(b"MANIFEST-999999\n")
    for torn in (tables / "events" / "3").glob("*.log"):
        torn.write_bytes(torn.read_bytes()[: torn.stat().st_size // 2])
    scene.send(800)
    scene.start()
    scene.finish()
    scene.check()


def test_all_local_state_lost_and_another_folder(scene: Scene) -> None:
    scene.send(800)
    scene.start()
    scene.wait_progress(0.999)
    scene.stop()
    shutil.rmtree(scene.folder / "one")
    scene.send(800)
    scene.start("two")
    scene.finish()
    scene.check()


def test_input_that_was_deleted_unprocessed_is_not_passed_over(scene: Scene) -> None:
    scene.send(500)
    scene.start()
    scene.wait_progress(0.999)
    scene.stop()
    scene.send(500)
    beyond = [TopicPartition(scene.inputs[0], p, -1) for p in range(4)]
    for future in scene.admin.delete_records(beyond).values():
        future.result()
    scene.start()
    assert scene.wait_exit() == Exit.RECORDS_LOST
    assert "deleted unprocessed" in scene.log()


def test_missing_topics_are_named(scene: Scene) -> None:
    scene.start(LEDGER_OUTPUT="nowhere.v1", LEDGER_INPUTS=f"{scene.inputs[0]},absent.v1")
    assert scene.wait_exit() == Exit.CONFIG
    for missing in ("nowhere.v1 is missing", "absent.v1 is missing", "absent.v1.dlq is missing"):
        assert missing in scene.log()


def test_settings_that_are_missing_are_named(scene: Scene) -> None:
    scene.start(SKUSTREAM_BROKERS="", SKUSTREAM_TRIES="many")
    assert scene.wait_exit() == Exit.CONFIG
    assert "SKUSTREAM_BROKERS" in scene.log()
    assert "SKUSTREAM_TRIES='many'" in scene.log()


def test_a_broker_that_does_not_answer_is_said_so(scene: Scene) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        scene.start(SKUSTREAM_BROKERS=f"127.0.0.1:{unused.getsockname()[1]}")
        assert scene.wait_exit() == Exit.UNAVAILABLE
    assert "no broker answers at 127.0.0.1" in scene.log()


def test_two_workers_in_one_folder(scene: Scene) -> None:
    scene.send(100)
    scene.start()
    scene.wait_progress()
    first = scene.workers["one"]
    scene.start("one")
    assert scene.wait_exit() == Exit.CONFIG
    assert "another worker uses" in scene.log()
    scene.workers["one"] = first
    scene.finish()
    scene.check()
