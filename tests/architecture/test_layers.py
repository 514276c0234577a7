"""Who may import whom."""

import ast
import subprocess
import sys
from pathlib import Path

from tests.architecture.tree import ROOT, ours, text

FAUST = ("streams/app.py", "streams/worker.py", "streams/agents/", "streams/runtime/")


def imported(name: str) -> set[str]:
    """The top-level packages that a file imports, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(text(name))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def test_the_layers_are_kept() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_nothing_but_tests_imports_tests() -> None:
    assert [name for name in ours(".py") if not name.startswith("tests/") and "tests" in imported(name)] == []


def test_faust_stays_where_it_belongs() -> None:
    code = [name for name in ours(".py") if not name.startswith(("tests/", *FAUST))]
    assert [name for name in code if imported(name) & {"faust", "mode"}] == []


def test_the_cores_import_the_standard_library_and_schemas_only() -> None:
    cores = [name for name in ours(".py") if name.startswith(("streams/inventory/", "streams/orders/"))]
    assert cores
    strangers = {name: imported(name) - {"schemas", "streams", *sys.stdlib_module_names} for name in cores}
    assert {name: found for name, found in strangers.items() if found} == {}
    impure = {"time", "random", "os", "socket", "asyncio", "threading", "pathlib", "datetime"}
    assert {name: imported(name) & impure for name in cores if imported(name) & impure} == {}
