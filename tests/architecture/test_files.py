"""What every file and folder keeps to."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, ours, text, tracked

MOST_LINES = 300
REGISTRIES = (
    ("pypi", "org"),
    ("pythonhosted", "org"),
    ("repo1", "maven", "org"),
    ("repo", "maven", "apache", "org"),
    ("registry", "npmjs", "org"),
    ("deb", "debian", "org"),
)
"""Hosts by their parts; where packages come from is the machine's affair."""
MACHINE_PATH = re.compile(r"(?<![\w.~}/-])/(work|root|home|Users|mnt)/\w")
PAUSES = ("tests/faults/", "tests/bench/")
"""Where a pause is what is tested: a stall, a rebalance, a rate."""


def test_no_file_is_too_long() -> None:
    long = {name: text(name).count("\n") for name in ours(".py", ".md", ".js", ".css", ".html", ".sh", ".yml")}
    assert {name: lines for name, lines in long.items() if lines > MOST_LINES} == {}


def test_every_module_says_what_lives_there() -> None:
    silent = [name for name in ours(".py") if text(name).strip() and not ast.get_docstring(ast.parse(text(name)))]
    assert silent == []


def packages() -> list[str]:
    """The packages and their direct parts; what lies deeper is told by the README above it."""
    folders = {path.parent for path in tracked() if path.suffix == ".py" and path.parts[0] != "tests"}
    tops = {Path(*folder.parts[:depth]) for folder in folders for depth in (1, 2) if folder.parts}
    tops.discard(Path("schemas/events"))  # the README of schemas is about them
    return sorted(top.as_posix() for top in tops if (ROOT / top / "__init__.py").exists())


@pytest.mark.parametrize("folder", [*packages(), "tests"])
def test_every_package_has_a_readme_of_one_screen(folder: str) -> None:
    readme = ROOT / folder / "README.md"
    assert readme.exists()
    assert len(readme.read_text("utf-8").splitlines()) <= 80


def test_no_file_names_a_registry_or_a_path_of_this_machine() -> None:
    hosts = re.compile("|".join(re.escape(".".join(parts)) for parts in REGISTRIES))
    found = []
    for path in tracked():
        try:
            lines = text(path.as_posix()).splitlines()
        except UnicodeDecodeError:
            continue  # not text
        found += [f"{path}:{n}" for n, line in enumerate(lines, 1) if hosts.search(line) or MACHINE_PATH.search(line)]
    assert found == []


def _sleeps(name: str) -> list[int]:
    """Lines that sleep outside of a loop that waits for something."""
    tree = ast.parse(text(name))
    waiting = {id(inner) for loop in ast.walk(tree) if isinstance(loop, ast.While) for inner in ast.walk(loop)}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and id(node) not in waiting]
    return [node.lineno for node in calls if ast.unparse(node.func) in ("time.sleep", "sleep")]


def test_no_test_sleeps_instead_of_waiting_for_something() -> None:
    tests = [name for name in ours(".py") if name.startswith("tests/") and not name.startswith(PAUSES)]
    assert [f"{name}:{line}" for name in tests for line in _sleeps(name)] == []


def test_nothing_is_left_to_do() -> None:
    mark = re.compile(r"#.*\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    assert [name for name in ours(".py") if mark.search(text(name))] == []
