"""One engine process for the session; tests make databases of their own in it."""

import uuid
from collections.abc import Iterator

import pytest
from clickhouse_connect.driver.client import Client

from connectors.clickhouse.history import HISTORY_TABLES
from connectors.clickhouse.migrate import migrate
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


@pytest.fixture(scope="session")
def migrated(engine: EngineProcess) -> str:
    """The URL of a database with all tables and views."""
    url = engine.url(database="migrated")
    migrate(url)
    return url


@pytest.fixture
def history(engine: EngineProcess, migrated: str) -> Iterator[Client]:
    """A client of the migrated database; its tables are empty again afterwards."""
    with engine.client(database="migrated") as client:
        yield client
        for table in HISTORY_TABLES:
            client.command(f"TRUNCATE TABLE {table.name}")
        client.command("TRUNCATE TABLE sink_offsets")
