"""A scene for each test; the broker is the shared stack's, or the one named by SKUSTREAM_TEST_BROKERS."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.scene import Scene
from tests.integration.conftest import stack

__all__ = ["stack"]


@pytest.fixture(scope="session")
def brokers(request: pytest.FixtureRequest) -> str:
    """host:port of a real broker."""
    given = os.environ.get("SKUSTREAM_TEST_BROKERS")
    if given:
        return given
    address: str = request.getfixturevalue("stack").env["SKUSTREAM_BROKERS"]
    return address


@pytest.fixture
def scene(brokers: str, tmp_path: Path) -> Iterator[Scene]:
    """Fresh topics and folders."""
    made = Scene(brokers, tmp_path, int(os.environ.get("SKUSTREAM_TEST_SEED", "7")))
    try:
        yield made
    finally:
        made.close()
