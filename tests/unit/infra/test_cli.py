"""The command line's manners: one document on stdout, exit codes, a quick start."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.paths import PROJECT


def skustream(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SKUSTREAM_")}
    return subprocess.run(
        [sys.executable, "-m", "infra.cli.main", *arguments], cwd=PROJECT, capture_output=True, text=True, check=False,
        env={**environment, "SKUSTREAM_HOME": str(home)},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("nosuch",), 2),
        (("up", "nosuch"), 2),
        (("up", "--bogus"), 2),
        (("status",), 3),
        (("logs", "kafka"), 3),
        (("stock", "get", "X"), 6),
        (("stock", "why", "X"), 6),
        (("down",), 0),
        (("version",), 0),
    ],
)
def test_exactly_one_document_and_the_exit_code(tmp_path: Path, arguments: tuple[str, ...], code: int) -> None:
    done = skustream(tmp_path, *arguments, "--json")
    assert done.returncode == code, done.stderr
    document = json.loads(done.stdout)
    assert document["schema_version"] == 1
    assert ("error" in document) == (code != 0)
    if code:
        assert document["error"]["code"] == code
        assert document["error"]["message"] in done.stderr


def test_help_names_the_exit_codes(tmp_path: Path) -> None:
    for arguments in ((), ("up",), ("stock", "get")):
        words = " ".join(skustream(tmp_path, *arguments, "--help").stdout.split())
        assert "Exit codes: 0 ok, 1 failure, 2 wrong usage, 3 not found" in words


def test_the_start_imports_nothing_slow() -> None:
    code = "import sys, infra.cli.main; print(sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout
    slow = (
        "confluent_kafka",
        "jgo",
        "requests",
        "httpx",
        "psycopg",
        "psutil",
        "pandas",
        "clickhouse_connect",
        "fastapi",
    )
    assert not [name for name in slow if f"'{name}'" in loaded]
