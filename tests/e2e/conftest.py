"""One whole stack of its own for all stories: their figures are read from whole tables."""

from collections.abc import Iterator

import pytest

from infra.local.stack import Stack


@pytest.fixture(scope="session")
def market_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Every part and process, with the simulated market."""
    with Stack(tmp_path_factory.mktemp("e2e")) as stack:
        yield stack
