"""kill -9, exceptions and SIGTERM at every step of the transaction: nothing lost, nothing doubled."""

import signal

import psutil
import pytest

from streams.runtime import faultpoints
from streams.runtime.errors import Exit
from tests.faults.scene import Scene

STEPS = ("handled", "produced", "before-commit", "after-commit", "stored", "claimed")


def test_killed_at_every_step_in_turn_and_restarted_as_the_same_member(scene: Scene) -> None:
    for point in STEPS:
        scene.send(400)
        scene.start(fault=f"{point}:kill:{1 if point == 'claimed' else 2}", SKUSTREAM_INSTANCE="one")
        assert scene.wait_exit() == -signal.SIGKILL
    scene.start(SKUSTREAM_INSTANCE="one")
    scene.finish()
    scene.check()


@pytest.mark.nightly
@pytest.mark.parametrize("point", STEPS)
def test_killed_at_this_step_and_taken_over_by_another_member(scene: Scene, point: str) -> None:
    scene.send(1500)
    scene.start(fault=f"{point}:kill:{1 if point == 'claimed' else 3}")
    assert scene.wait_exit() == -signal.SIGKILL
    scene.start("two")
    scene.finish()
    scene.check()


def test_an_exception_at_any_step_aborts_and_the_work_goes_on(scene: Scene) -> None:
    scene.send(3000)
    points = [point for point in faultpoints.POINTS if point != "taken"]
    scene.start(fault=",".join(f"{point}:raise:0.08" for point in points))
    scene.finish()
    scene.check()
    assert scene.log().count("injected") > 0


def test_a_worker_that_fails_at_the_same_place_again_and_again_stops_loudly(scene: Scene) -> None:
    scene.send(100)
    scene.start(fault="before-commit:raise:0.999999", SKUSTREAM_TRIES="3")
    assert scene.wait_exit() == Exit.STUCK
    assert "failed 3 times in a row" in scene.log()
    assert scene.committed() == 0


def test_sigterm_in_mid_batch_ends_the_transaction_and_leaves_the_group(scene: Scene) -> None:
    scene.send(1500)
    scene.start(fault="handled:hang:4:1")
    scene.wait_progress()
    listening = [c for c in psutil.Process(scene.workers["one"].pid).net_connections("inet") if c.status == "LISTEN"]
    assert listening == [], "Faust's web server is off"
    assert scene.stop() == 0
    scene.start("two")
    scene.finish()
    scene.check()
