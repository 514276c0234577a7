"""Two workers that come and go, and workers that sleep through the end of their rights."""

import os
import random
import signal
import threading
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
    scene.wait_progress(seconds=30)
    for step in range(actions):
        name = ("two", "one")[step % 2]
        worker = scene.workers.get(name)
        if worker is None or worker.poll() is not None:
            scene.start(name, **names[name])
        else:
            scene.stop(name, dice.choice((signal.SIGTERM, signal.SIGKILL)))
            scene.start(name, **names[name])
        time.sleep(gap * dice.uniform(0.5, 1.5))  # the point is to hit whatever is going on


def run_with_input(scene: Scene, actions: int, gap: float, count: int, *, static: bool) -> None:
    """Ends with all input processed and checked."""
    sender = threading.Thread(target=scene.send, args=(count, 250.0))
    scene.send(200)
    sender.start()
    come_and_go(scene, actions, gap, static=static)
    sender.join()
    scene.finish(90, mend=True)
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
    until("worker two works", lambda: scene.committed() > max(0, before), 60)
    os.killpg(one.pid, signal.SIGCONT)
    return scene.wait_exit("one", 30)


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
    os.killpg(one.pid, signal.SIGSTOP)
    time.sleep(SESSION / 3 + 1)
    os.killpg(one.pid, signal.SIGCONT)
    assert scene.wait_exit("one", 20) == Exit.STALLED
    assert "was paused" in scene.log("one")
    scene.start("one")
    scene.finish()
    scene.check()


def test_a_handler_that_hangs_ends_the_worker(scene: Scene) -> None:
    scene.send(500)
    scene.start(LEDGER_HANGS="yes")
    assert scene.wait_exit(seconds=40) == Exit.STALLED
    assert "a handler took longer" in scene.log()
    scene.start()
    scene.finish()
    scene.check()


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(10))
def test_paused_at_random_moments(scene: Scene, seed: int) -> None:
    dice = random.Random(seed)
    sender = threading.Thread(target=scene.send, args=(8000, 250.0))
    for name in ("one", "two"):
        scene.start(name)
    sender.start()
    for _ in range(3):
        name = dice.choice(("one", "two"))
        time.sleep(dice.uniform(1.0, 4.0))
        if scene.workers[name].poll() is None:
            os.killpg(scene.workers[name].pid, signal.SIGSTOP)
            time.sleep(SESSION + dice.uniform(0.5, 4.0))
            os.killpg(scene.workers[name].pid, signal.SIGCONT)
        scene.restart_dead()
    sender.join()
    scene.finish(120, mend=True)
    scene.check()
