"""The embedded stack on real parts: subsets, moved ports, kills, and what survives. PostgreSQL is its quickest part."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from confluent_kafka.admin import AdminClient

from infra.local.paths import PROJECT
from infra.local.stack import AlreadyRunning, NotRunning, Stack, StackError

_DEADLINE = 30.0


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.02)


def processes_of(home: Path) -> list[psutil.Process]:
    """All processes that belong to a home folder, whoever their parent is."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("SKUSTREAM_HOME") == str(home) or str(home) in process.cmdline():
                found.append(process)
        except psutil.Error:
            continue
    return [process for process in found if process.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Stack]:
    """A stack with PostgreSQL alone, not started."""
    stack = Stack(tmp_path / "home", ("postgres",))
    yield stack
    stack.stop()


def address(stack: Stack) -> str:
    return stack.env["SKUSTREAM_POSTGRES"].replace("/tryton", "/postgres")


def test_base_parts_answer(stack: Stack) -> None:
    assert AdminClient({"bootstrap.servers": stack.env["SKUSTREAM_BROKERS"]}).list_topics(timeout=5).brokers
    status = stack.status()
    assert {"kafka", "registry"} <= set(status["parts"])


def test_more_parts_come_when_they_are_required(stack: Stack) -> None:
    stack.require("topics")
    topics = AdminClient({"bootstrap.servers": stack.env["SKUSTREAM_BROKERS"]}).list_topics(timeout=5).topics
    assert "inventory.stock.v1" in topics


def test_data_secrets_and_ports_survive_and_a_taken_port_moves(database: Stack) -> None:
    database.start()
    with psycopg.connect(address(database)) as connection:
        connection.execute("create table kept as select 42 as answer")
    before = database.status()["parts"]["postgres"]["ports"]["main"]
    database.stop()
    with pytest.raises(NotRunning):
        database.status()

    again = Stack(database.home, ("postgres",)).start()
    assert again.status()["parts"]["postgres"]["ports"]["main"] == before
    again.stop()

    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", before))
        squatter.listen()
        moved = Stack(database.home, ("postgres",)).start()
    assert moved.status()["parts"]["postgres"]["ports"]["main"] != before
    with psycopg.connect(address(moved)) as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)
    moved.stop()


def test_a_second_start_says_that_it_runs(database: Stack) -> None:
    database.start()
    with pytest.raises(AlreadyRunning, match="already runs"):
        Stack(database.home, ("postgres",)).start()
    assert database.status()["ready"]


def test_two_stacks_side_by_side(database: Stack, tmp_path: Path) -> None:
    with Stack(tmp_path / "other", ("postgres",)) as other:
        database.start()
        assert other.env["SKUSTREAM_POSTGRES"] != database.env["SKUSTREAM_POSTGRES"]


def test_a_stop_leaves_no_process(database: Stack) -> None:
    database.start()
    assert processes_of(database.home)
    database.stop()
    until(lambda: not processes_of(database.home))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_end_of_the_supervisor_leaves_no_process(database: Stack, number: int) -> None:
    database.start()
    supervisor = psutil.Process(database.status()["pid"])
    family = [supervisor, *supervisor.children(recursive=True)]
    assert sum(process.name() == "postgres" for process in family) > 3
    supervisor.send_signal(number)
    until(lambda: not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in family))
    until(lambda: not processes_of(database.home))


def test_children_of_children_go_too(database: Stack) -> None:
    """A process that left its session and its parent is found by the mark in its environment."""
    database.start()
    supervisor = psutil.Process(database.status()["pid"])
    mark = next(
        child.environ()["SKUSTREAM_STACK"] for child in supervisor.children() if "SKUSTREAM_STACK" in child.environ()
    )
    stray = subprocess.Popen(["sleep", "60"], env={**os.environ, "SKUSTREAM_STACK": mark}, start_new_session=True)
    supervisor.kill()
    assert stray.wait(_DEADLINE) == -signal.SIGKILL


def test_the_end_of_the_starting_process_stops_the_stack(tmp_path: Path) -> None:
    home = tmp_path / "home"
    code = "import sys, pathlib, infra.local.stack as s; s.Stack(pathlib.Path(sys.argv[1]), ('postgres',)).start()"
    subprocess.run([sys.executable, "-c", code, str(home)], cwd=PROJECT, check=True)
    until(lambda: not processes_of(home))


def test_a_killed_part_is_started_again_and_a_stopped_one_stays_down(database: Stack) -> None:
    database.start()
    before = database.status()["parts"]["postgres"]["pid"]
    database.kill_part("postgres")
    until(lambda: database.status()["parts"]["postgres"]["pid"] not in (None, before))
    database.wait_for("postgres", "ready", _DEADLINE)
    assert database.status()["parts"]["postgres"]["restarts"] == 1

    database.stop_part("postgres")
    assert database.status()["parts"]["postgres"]["state"] == "stopped"
    database.start_part("postgres")

    database.kill_part("postgres", stay_down=True)
    assert database.status()["parts"]["postgres"]["pid"] is None
    database.restart_part("postgres")
    with psycopg.connect(address(database)) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_a_part_that_cannot_start_is_named_with_its_log_and_last_lines(database: Stack) -> None:
    database.start()
    database.stop()
    configuration = database.home / "data" / "postgres" / "pgdata" / "postgresql.conf"
    configuration.write_text(configuration.read_text() + "\nno_such_setting = 1\n")
    with pytest.raises(StackError) as caught:
        Stack(database.home, ("postgres",)).start()
    message = str(caught.value)
    assert "postgres is failing: ended with exit code 1" in message
    assert f"log: {database.home / 'logs' / 'postgres.log'}" in message
    assert "no_such_setting" in message
    until(lambda: not processes_of(database.home))


def skustream(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "infra.cli.main", *arguments], cwd=PROJECT, capture_output=True, text=True, check=False,
        env={**os.environ, "SKUSTREAM_HOME": str(home)}, timeout=120,
    )  # fmt: skip


def test_the_commands_speak_json_and_end_with_their_codes(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert skustream(home, "status", "--json").returncode == 3
    up = skustream(home, "up", "postgres", "--json")
    try:
        assert (up.returncode, json.loads(up.stdout)["ready"]) == (0, True), up.stderr
        assert "postgres: ready" in up.stderr
        second = skustream(home, "up", "postgres", "--json")
        assert (second.returncode, json.loads(second.stdout)["already_running"]) == (0, True)
        status = json.loads(skustream(home, "status", "--json").stdout)
        assert status["parts"]["postgres"]["memory_mb"] > 0
        assert "postgres" in json.loads(skustream(home, "logs", "--json").stdout)["logs"]
        assert json.loads(skustream(home, "doctor", "--json").stdout)["findings"]
    finally:
        down = skustream(home, "down", "--wipe", "--json")
    assert json.loads(down.stdout) == {"schema_version": 1, "was_running": True, "wiped": True}
    assert not home.exists()


def test_ctrl_c_on_a_stack_in_the_foreground_stops_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    command = [sys.executable, "-m", "infra.cli.main", "up", "postgres", "--foreground", "--json"]
    environment = {**os.environ, "SKUSTREAM_HOME": str(home)}
    with subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["ready"]
        process.send_signal(signal.SIGINT)
        assert process.wait(_DEADLINE) in (0, 130)
    until(lambda: not processes_of(home))


def test_stock_asks_clickhouse(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from connectors.clickhouse.migrate import migrate

    stack.require("clickhouse")
    migrate(stack.env["SKUSTREAM_CLICKHOUSE"])
    monkeypatch.setenv("SKUSTREAM_CLICKHOUSE_READ", stack.env["SKUSTREAM_CLICKHOUSE_READ"])
    for verb in ("get", "why"):
        done = skustream(tmp_path, "stock", verb, "NO-SUCH", "--json")
        assert done.returncode == 3, done.stderr
        assert "NO-SUCH" in json.loads(done.stdout)["error"]["message"]
