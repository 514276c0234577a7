"""The broker is killed under load and comes back; it is this test's own, so that no other test is disturbed."""

import time
from pathlib import Path

import pytest

from infra.local.stack import Stack
from tests.faults.scene import Scene


@pytest.mark.parametrize("away", [2.0, pytest.param(20.0, marks=pytest.mark.nightly)], ids=["briefly", "for-long"])
def test_a_broker_killed_under_load(tmp_path: Path, away: float) -> None:
    with Stack(tmp_path / "stack", ("kafka",)) as stack:
        scene = Scene(stack.env["SKUSTREAM_BROKERS"], tmp_path, seed=7)
        try:
            _kill_under_load(stack, scene, away)
        finally:
            scene.close()


def _kill_under_load(stack: Stack, scene: Scene, away: float) -> None:
    for name in ("one", "two"):
        scene.start(name)
    with scene.sending(3000, 300.0):
        scene.wait_progress(0.2)
        stack.kill_part("kafka", stay_down=True)
        time.sleep(away)  # the outage itself
        stack.start_part("kafka")
    scene.finish(mend=True)
    scene.check()
