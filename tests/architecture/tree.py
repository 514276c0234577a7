"""The files that are ours: what git tracks, without what is generated or taken from others."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
GENERATED = ("schemas/wire.py", "requirements.lock", "schemas/avro/", "infra/local/manifest.json")
FOREIGN = ("LICENSE", "/vendor/")


@cache
def tracked() -> tuple[Path, ...]:
    """Every tracked file that exists, relative to the root."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return tuple(path for name in listed.split("\0") if name and (ROOT / (path := Path(name))).is_file())


def ours(*suffixes: str) -> list[str]:
    """Tracked files with these endings that a person writes."""
    names = [path.as_posix() for path in tracked() if path.suffix in suffixes]
    return [n for n in names if not n.startswith(GENERATED) and not any(part in n for part in FOREIGN)]


def text(name: str) -> str:
    """The file's text."""
    return (ROOT / name).read_text("utf-8")
