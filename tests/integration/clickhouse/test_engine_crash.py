"""The engine's process ends in every way without losing an acknowledged row."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import OperationalError

from tests.integration.clickhouse.engine_process import EngineProcess


@pytest.fixture
def own_engine(tmp_path: Path) -> Iterator[EngineProcess]:
    process = EngineProcess(tmp_path / "data").start()
    yield process
    process.stop()


class Writer(threading.Thread):
    """Inserts one row after another and remembers the last acknowledged number."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self._client = client
        self.acknowledged = -1
        self.enough = threading.Event()

    def run(self) -> None:
        try:
            for number in range(1_000_000):
                self._client.insert("d.t", [[number]], column_names=["n"])
                self.acknowledged = number
                if number == 30:
                    self.enough.set()
        except OperationalError:
            self.enough.set()


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_no_acknowledged_row_is_lost(own_engine: EngineProcess, how: str) -> None:
    client = own_engine.client()
    client.command("CREATE DATABASE d ENGINE = Atomic")
    client.command("CREATE TABLE d.t (n UInt64) ENGINE = MergeTree ORDER BY n")
    writer = Writer(own_engine.client())
    writer.start()
    assert writer.enough.wait(60)
    if how == "kill":
        own_engine.kill()
    else:
        assert own_engine.stop() == 0
    writer.join(60)
    own_engine.start()
    stored = [row[0] for row in own_engine.client().query("SELECT n FROM d.t ORDER BY n").result_rows]
    # the row in flight may have been stored without its acknowledgement reaching the writer
    assert stored in (list(range(writer.acknowledged + 1)), list(range(writer.acknowledged + 2)))


def test_a_second_process_over_the_same_folder_is_refused(own_engine: EngineProcess) -> None:
    with pytest.raises(AssertionError, match="Another server instance"):
        EngineProcess(own_engine.folder).start()
    assert own_engine.client().query("SELECT 1").first_row == (1,)
