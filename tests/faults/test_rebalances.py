"""Two workers that come and go, and workers that sleep through the end of their rights."""

import random
import signal
import time
from pathlib import Path

import pytest

from streams.runtime.errors import Exit
from tests.faults.scene import SESSION, Scene, until


def come_and_go(scene: Scene, actions: int, gap: float, *, static: bool) -> None:
    """Start, SIGTERM and kill -9, in turn and at random, while input arrives."""
    dice = random.Random(scene.seed)
    names = {name: {"SKUSTREAM_INSTANCE": name} if static else {} for name in ("one", "two")}
    scene.start("one", **names["one"])
    scene.wait_progress()
    for step in range(actions):
        name = ("two", "one")[step % 2]
        worker = scene.workers.get(name)
        if worker is None or worker.code() is not None:
            scene.start(name, **names[name])
        else:
            scene.stop(name, dice.choice((signal.SIGTERM, signal.SIGKILL)))
            scene.start(name, **names[name])
        time.sleep(gap * dice.uniform(0.5, 1.5))  # the point is to hit whatever is going on


def run_with_input(scene: Scene, actions: int, gap: float, count: int, *, static: bool) -> None:
    """Ends with all input processed and checked."""
    scene.send(200)
    with scene.sending(count, 250.0):
        come_and_go(scene, actions, gap, static=static)
    scene.finish(mend=True)
    scene.check()


@pytest.mark.parametrize("static", [False, True], ids=["dynamic", "static"])
def test_two_workers_come_and_go(scene: Scene, static: bool) -> None:
    run_with_input(scene, 5, 1.5, 4000, static=static)


@pytest.mark.nightly
@pytest.mark.parametrize("static", [False, True], ids=["dynamic", "static"])
@pytest.mark.parametrize("seed", range(5))
def test_two_workers_come_and_go_for_long(scene: Scene, static: bool, seed: int) -> None:
    scene.seed = seed
    run_with_input(scene, 25, 3.0, 30_000, static=static)


def sleep_through(scene: Scene, point: str, **env: str) -> int:
    """Worker one is stopped at this point, loses its partitions to worker two, and wakes up: its exit code."""
    scene.send(1500)
    one = scene.start("one", f"{point}:stop:3", **env)
    until("worker one is stopped", lambda: _state(one.pid) == "T")
    before = scene.committed()
    scene.start("two")
    until("worker two works", lambda: scene.committed() > max(0, before))
    one.signal(signal.SIGCONT)
    return scene.wait_exit("one")


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


@pytest.mark.parametrize("point", ["produced", "before-commit"])
def test_a_zombie_that_wakes_up_inside_its_transaction_is_fenced(scene: Scene, point: str) -> None:
    code = sleep_through(scene, point, LEDGER_WATCHDOG="off")
    assert code == Exit.FENCED
    scene.finish()
    scene.check()


def test_a_worker_that_was_paused_ends_itself(scene: Scene) -> None:
    scene.send(500)
    one = scene.start("one")
    scene.wait_progress()
    one.signal(signal.SIGSTOP)
    time.sleep(SESSION / 3 + 1)
    one.signal(signal.SIGCONT)
    assert scene.wait_exit("one") == Exit.STALLED
    assert "was paused" in scene.log("one")
    scene.start("one")
    scene.finish()
    scene.check()


def test_a_handler_that_hangs_ends_the_worker(scene: Scene) -> None:
    scene.send(500)
    scene.start(LEDGER_HANGS="yes")
    assert scene.wait_exit() == Exit.STALLED
    assert "a handler took longer" in scene.log()
    scene.start()
    scene.finish()
    scene.check()


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(10))
def test_paused_at_random_moments(scene: Scene, seed: int) -> None:
    dice = random.Random(seed)
    for name in ("one", "two"):
        scene.start(name)
    with scene.sending(8000, 250.0):
        for _ in range(3):
            worker = scene.workers[dice.choice(("one", "two"))]
            time.sleep(dice.uniform(1.0, 4.0))
            worker.signal(signal.SIGSTOP)
            time.sleep(SESSION + dice.uniform(0.5, 4.0))
            worker.signal(signal.SIGCONT)
            scene.restart_dead()
    scene.finish(mend=True)
    scene.check()
