"""Where the embedded stack keeps things: the project, its home folder and the download cache."""

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def default_home() -> Path:
    """The folder of the stack's data, ports and logs: SKUSTREAM_HOME, else `.skustream` in the project."""
    given = os.environ.get("SKUSTREAM_HOME")
    return Path(given).expanduser().resolve() if given else PROJECT / ".skustream"


def cache_dir() -> Path:
    """The downloads' folder, shared by all stacks of a user: SKUSTREAM_CACHE, else `skustream` in the user's cache."""
    given = os.environ.get("SKUSTREAM_CACHE")
    if given:
        return Path(given).expanduser().resolve()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "skustream"
