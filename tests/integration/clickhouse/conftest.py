"""One engine process for the session; tests make databases of their own in it."""

import uuid
from collections.abc import Iterator

import pytest
from clickhouse_connect.driver.client import Client

from tests.integration.clickhouse.engine_process import EngineProcess


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineProcess]:
    process = EngineProcess(tmp_path_factory.mktemp("engine") / "data").start()
    yield process
    assert process.stop() == 0


@pytest.fixture
def database(engine: EngineProcess) -> Iterator[str]:
    name = f"t_{uuid.uuid4().hex[:12]}"
    with engine.client() as client:
        client.command(f"CREATE DATABASE {name} ENGINE = Atomic")
        yield name
        client.command(f"DROP DATABASE {name} SYNC")


@pytest.fixture
def client(engine: EngineProcess, database: str) -> Iterator[Client]:
    with engine.client(database=database) as connected:
        yield connected
