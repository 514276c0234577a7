"""What curl and other plain HTTP clients see of the engine."""

import gzip
import json

import httpx
import pytest

from tests.integration.clickhouse.engine_process import READ_ONLY, READ_WRITE, EngineProcess


@pytest.fixture
def http(engine: EngineProcess) -> httpx.Client:
    return httpx.Client(base_url=f"http://127.0.0.1:{engine.port}", auth=("default", READ_WRITE), timeout=30)


@pytest.fixture
def table(http: httpx.Client, database: str) -> str:
    name = f"{database}.t"
    http.post("/", content=f"CREATE TABLE {name} (a UInt32, b String) ENGINE = MergeTree ORDER BY a").raise_for_status()
    return name


def test_ping_needs_no_token(engine: EngineProcess) -> None:
    answer = httpx.get(f"http://127.0.0.1:{engine.port}/ping")
    assert (answer.status_code, answer.text) == (200, "Ok.\n")


def test_the_three_ways_to_show_a_token(engine: EngineProcess) -> None:
    url = f"http://127.0.0.1:{engine.port}/"
    query = {"query": "SELECT 1"}
    assert httpx.get(url, params=query, auth=("anybody", READ_ONLY)).text == "1\n"
    assert httpx.get(url, params=query, headers={"X-ClickHouse-Key": READ_ONLY}).text == "1\n"
    assert httpx.get(url, params={**query, "password": READ_ONLY}).text == "1\n"
    assert httpx.get(url, params=query, headers={"Authorization": f"Bearer {READ_ONLY}"}).text == "1\n"


def test_no_token_and_a_wrong_token(engine: EngineProcess) -> None:
    url = f"http://127.0.0.1:{engine.port}/"
    missing = httpx.get(url, params={"query": "SELECT 1"})
    assert (missing.status_code, missing.headers["X-ClickHouse-Exception-Code"]) == (401, "194")
    wrong = httpx.get(url, params={"query": "SELECT 1", "password": "no"})
    assert (wrong.status_code, wrong.headers["X-ClickHouse-Exception-Code"]) == (403, "516")


def test_formats_and_headers(http: httpx.Client) -> None:
    answer = http.post("/", content="SELECT 1 AS x FORMAT JSONEachRow", params={"query_id": "mine"})
    assert answer.json() == {"x": 1}
    assert answer.headers["X-ClickHouse-Format"] == "JSONEachRow"
    assert answer.headers["X-ClickHouse-Timezone"] == "UTC"
    assert answer.headers["X-ClickHouse-Query-Id"] == "mine"
    whole = http.post("/", content="SELECT 1 AS x", params={"default_format": "JSON", "wait_end_of_query": "1"})
    assert whole.json()["data"] == [{"x": 1}]
    assert json.loads(whole.headers["X-ClickHouse-Summary"])["result_rows"] == "1"
    assert http.get("/", params={"query": "SELECT 1, 'a' FORMAT CSV"}).text == '1,"a"\n'
    assert "X-ClickHouse-Format" not in http.post("/", content="SYSTEM RELOAD CONFIG").headers


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("INSERT INTO {t} FORMAT CSV", b"1,one\n2,two\n"),
        ("INSERT INTO {t} (b, a) FORMAT TabSeparated", b"one\t1\ntwo\t2\n"),
        ("INSERT INTO {t} FORMAT JSONEachRow", b'{"a":1,"b":"one"}\n{"a":2,"b":"two"}'),
        ("INSERT INTO {t} VALUES", b"(1,'one'),(2,'two')"),
        ("INSERT INTO {t} VALUES (1,'one'),", b"(2,'two')"),
    ],
)
def test_insert_formats_with_the_statement_in_the_url(http: httpx.Client, table: str, query: str, body: bytes) -> None:
    answer = http.post("/", params={"query": query.format(t=table)}, content=body)
    assert (answer.status_code, answer.text) == (200, "")
    assert json.loads(answer.headers["X-ClickHouse-Summary"])["written_rows"] == "2"
    assert http.post("/", content=f"SELECT a, b FROM {table} ORDER BY a").text == "1\tone\n2\ttwo\n"


@pytest.mark.parametrize(
    "body",
    [
        b"INSERT INTO %s FORMAT CSV\n1,one\n2,two\n",
        b"/* note */ INSERT INTO %s (a, b) SETTINGS async_insert=0 FORMAT CSV\r\n1,one\n2,two\n",
        b"INSERT INTO %s VALUES (1, 'one'), (2, concat('t', 'wo'))",
        b"INSERT INTO %s SELECT number + 1, ['one', 'two'][number + 1] FROM numbers(2)",
    ],
)
def test_insert_with_everything_in_the_body(http: httpx.Client, table: str, body: bytes) -> None:
    http.post("/", content=body.replace(b"%s", table.encode())).raise_for_status()
    assert http.post("/", content=f"SELECT a, b FROM {table} ORDER BY a").text == "1\tone\n2\ttwo\n"


def test_compressed_bodies(http: httpx.Client, table: str) -> None:
    statement = {"query": f"INSERT INTO {table} FORMAT CSV"}
    packed = gzip.compress(b"1,one\n")
    http.post("/", params=statement, content=packed, headers={"Content-Encoding": "gzip"}).raise_for_status()
    damaged = http.post("/", params=statement, content=b"no gzip", headers={"Content-Encoding": "gzip"})
    assert (damaged.status_code, damaged.headers["X-ClickHouse-Exception-Code"]) == (400, "271")
    cut = http.post(
        "/", params=statement, content=gzip.compress(b"2,two\n" * 99)[:-9], headers={"Content-Encoding": "gzip"}
    )
    assert (cut.status_code, cut.headers["X-ClickHouse-Exception-Code"]) == (400, "271")
    unknown = http.post("/", params=statement, content=b"x", headers={"Content-Encoding": "snappy"})
    assert unknown.headers["X-ClickHouse-Exception-Code"] == "89"
    answer = http.get("/", params={"query": "SELECT number FROM numbers(10000)"}, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(answer.text.splitlines()) == 10_000
    assert http.post("/", content=f"SELECT count() FROM {table}").text == "1\n"


def test_a_bad_row_keeps_the_whole_insert_out(http: httpx.Client, table: str) -> None:
    answer = http.post("/", params={"query": f"INSERT INTO {table} FORMAT CSV"}, content=b"1,one\nx,two\n")
    assert answer.status_code == 400
    assert "X-ClickHouse-Exception-Code" in answer.headers
    assert http.post("/", content=f"SELECT count() FROM {table}").text == "0\n"


def test_a_get_never_writes(http: httpx.Client, table: str) -> None:
    answer = http.get("/", params={"query": f"INSERT INTO {table} VALUES (1, 'x')"})
    assert answer.headers["X-ClickHouse-Exception-Code"] == "164"


def test_parameters_settings_and_session(http: httpx.Client) -> None:
    arguments = {"param_n": "4", "param_s": "a\\tb", "max_threads": "3", "session_id": "s1", "session_timeout": "60"}
    answer = http.post(
        "/", params=arguments, content="SELECT {n:UInt8} * 2, length({s:String}), getSetting('max_threads')"
    )
    assert answer.text == "8\t3\t3\n"
    unknown = http.post("/", params={"no_such_setting": "1"}, content="SELECT 1")
    assert (unknown.status_code, unknown.headers["X-ClickHouse-Exception-Code"]) == (404, "115")


def test_form_fields_and_external_data(http: httpx.Client) -> None:
    fields = {"query": (None, "SELECT {n:UInt8} + 1"), "param_n": (None, "4")}
    assert http.post("/", files=fields).text == "5\n"
    external = http.post("/", files={"ids": ("ids", b"1\n")}, params={"query": "SELECT * FROM ids"})
    assert external.headers["X-ClickHouse-Exception-Code"] == "48"


def test_a_statement_that_is_too_large(http: httpx.Client) -> None:
    answer = http.post("/", content=b"SELECT 1 -- " + b"x" * (17 * 1024 * 1024))
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (413, "591")


def test_the_memory_ceiling_refuses_a_query_and_not_the_next(http: httpx.Client) -> None:
    greedy = "SELECT length(groupArray(number)) FROM numbers(400000000)"
    answer = http.post("/", content=greedy, params={"wait_end_of_query": "1"})
    assert answer.headers["X-ClickHouse-Exception-Code"] == "241"
    assert http.post("/", content="SELECT 1").text == "1\n"
