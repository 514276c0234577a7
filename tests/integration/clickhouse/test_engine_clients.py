"""The unchanged clickhouse-connect clients, sync and async, against the engine over HTTP."""

import asyncio
import datetime as dt
import uuid
from concurrent.futures import ThreadPoolExecutor

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, StreamFailureError

from tests.integration.clickhouse.engine_process import READ_ONLY, READ_WRITE, EngineProcess

DDL = (
    "CREATE TABLE sales (id UUID, sku LowCardinality(String), quantity Int32, at DateTime64(3, 'UTC'), "
    "tags Array(String), note Nullable(String)) ENGINE = MergeTree ORDER BY (sku, at)"
)
COLUMNS = ["id", "sku", "quantity", "at", "tags", "note"]
ROWS = [
    [uuid.UUID(int=1), "A-1", 3, dt.datetime(2026, 1, 2, 3, 4, 5, 678000, dt.UTC), ["x", "y'z"], None],
    [uuid.UUID(int=2), "Ü\t2", -1, dt.datetime(2026, 1, 3, tzinfo=dt.UTC), [], "line\nbreak"],
]


@pytest.fixture
def sales(client: Client) -> Client:
    client.command(DDL)
    client.insert("sales", ROWS, column_names=COLUMNS)
    return client


def test_insert_and_query_give_the_same_rows(sales: Client) -> None:
    result = sales.query("SELECT * FROM sales ORDER BY sku", tz_mode="aware")
    assert [list(row) for row in result.result_rows] == ROWS
    assert result.column_names == tuple(COLUMNS)


@pytest.mark.parametrize("compress", ["lz4", "zstd", "gzip", False])
def test_every_compression_in_both_directions(engine: EngineProcess, database: str, compress: str | bool) -> None:
    with clickhouse_connect.get_client(
        host="127.0.0.1", port=engine.port, password=READ_WRITE, database=database, compress=compress
    ) as client:
        client.command("CREATE TABLE t (n UInt64, s String) ENGINE = MergeTree ORDER BY n")
        count = 300_000
        client.insert("t", [list(range(count)), ["word"] * count], column_names=["n", "s"], column_oriented=True)
        assert client.query("SELECT count(), sum(n) FROM t").first_row == (count, count * (count - 1) // 2)
        assert len(client.query("SELECT n, s FROM t ORDER BY n").result_columns[0]) == count


def test_frames_arrow_and_streams(sales: Client) -> None:
    assert list(sales.query_df("SELECT sku, quantity FROM sales ORDER BY quantity").quantity) == [-1, 3]
    assert sales.query_arrow("SELECT quantity FROM sales ORDER BY quantity").column(0).to_pylist() == [-1, 3]
    with sales.query_row_block_stream("SELECT number FROM numbers(300000)") as blocks:
        assert sum(len(block) for block in blocks) == 300_000
    with sales.query_df_stream("SELECT number FROM numbers(300000)") as frames:
        assert sum(len(frame) for frame in frames) == 300_000
    with sales.query_arrow_stream("SELECT number FROM numbers(300000)") as batches:
        assert sum(batch.num_rows for batch in batches) == 300_000


def test_insert_df_and_arrow(sales: Client) -> None:
    frame = sales.query_df("SELECT * FROM sales")
    sales.insert_df("sales", frame)
    sales.insert_arrow("sales", sales.query_arrow("SELECT * FROM sales"))
    assert sales.query("SELECT count() FROM sales").first_row == (8,)


def test_empty_results(sales: Client) -> None:
    assert sales.query("SELECT sku, note FROM sales WHERE 0").result_rows == []
    assert sales.query("SELECT sku, note FROM sales LIMIT 0").column_names == ("sku", "note")
    assert sales.query_df("SELECT sku, note FROM sales WHERE quantity > 100").empty
    assert sales.query_arrow("SELECT sku FROM sales WHERE 0").column_names == ["sku"]


def test_parameters_keep_every_character(sales: Client) -> None:
    for text in ("Ü\t2", "it's", 'back\\slash "quoted"', "line\nbreak", "{x:String}", ""):
        assert sales.query("SELECT {text:String}", parameters={"text": text}).first_row == (text,)
    found = sales.query("SELECT quantity FROM sales WHERE sku IN {skus:Array(String)}", parameters={"skus": ["Ü\t2"]})
    assert found.result_rows == [(-1,)]
    assert sales.query("SELECT count() FROM {t:Identifier}", parameters={"t": "sales"}).first_row == (2,)
    sales.command("INSERT INTO sales (sku, quantity) VALUES ({sku:String}, 9)", parameters={"sku": "outfile"})
    assert sales.query("SELECT quantity FROM sales WHERE sku = {s:String}", parameters={"s": "outfile"}).first_row == (
        9,
    )


def test_settings_of_one_request_do_not_reach_the_next(sales: Client) -> None:
    assert sales.query("SELECT getSetting('max_threads')", settings={"max_threads": 7}).first_row == (7,)
    assert sales.query("SELECT getSetting('max_threads')").first_row != (7,)


def test_errors_carry_the_engine_s_code(sales: Client) -> None:
    for query, code in (("SELECT nope", 47), ("SELEC 1", 62), ("SELECT * FROM nope", 60), ("SELECT 1; SELECT 2", 62)):
        with pytest.raises(DatabaseError) as caught:
            sales.query(query)
        assert caught.value.code == code
    with pytest.raises(DatabaseError) as unknown:
        sales.query("SELECT 1", settings={"database": "nope"})
    assert unknown.value.code == 81


def test_an_error_in_the_middle_of_a_stream_is_an_error(sales: Client) -> None:
    query = "SELECT number, throwIf(number = 5000000) FROM numbers(10000000)"
    with pytest.raises(StreamFailureError), sales.query_row_block_stream(query) as blocks:
        for _ in blocks:
            pass
    assert sales.query("SELECT 1").first_row == (1,)


def test_the_read_only_token_reads_and_sets_but_never_writes(
    engine: EngineProcess, sales: Client, database: str
) -> None:
    with engine.client(READ_ONLY, database) as reader:
        assert reader.query("SELECT count() FROM sales", settings={"max_threads": 1}).first_row == (2,)
        for refused in (
            "INSERT INTO sales (sku) VALUES ('x')",
            "CREATE TABLE other (a Int8) ENGINE = Memory",
            "ALTER TABLE sales DELETE WHERE 1",
            "DROP TABLE sales",
            "TRUNCATE TABLE sales",
            "SET readonly = 0",
            "SYSTEM STOP MERGES",
            "OPTIMIZE TABLE sales",
            "KILL QUERY WHERE 1",
        ):
            with pytest.raises(DatabaseError) as caught:
                reader.command(refused)
            assert caught.value.code == 164, refused
        with pytest.raises(DatabaseError):
            reader.insert("sales", [["x"]], column_names=["sku"])
        with pytest.raises(DatabaseError):
            reader.query("INSERT INTO sales (sku) SELECT 'x'", settings={"readonly": 0})
    assert sales.query("SELECT count() FROM sales").first_row == (2,)


def test_no_statement_reaches_files_or_the_network(sales: Client) -> None:
    for refused in (
        "SELECT * FROM file('/etc/hostname', 'LineAsString')",
        "INSERT INTO FUNCTION file('out.csv') SELECT 1",
        "SELECT * FROM url('http://127.0.0.1:1/', 'CSV')",
        "SELECT 1 INTO OUTFILE 'out.csv'",
        "SELECT 1 INTO/* */outfile 'out.csv'",
        "INSERT INTO sales (sku) FROM INFILE '/etc/hostname' FORMAT LineAsString",
        "SELECT * FROM remote('127.0.0.1', system.one)",
        "GRANT SELECT ON *.* TO default",
    ):
        with pytest.raises(DatabaseError) as caught:
            sales.command(refused)
        assert caught.value.code == 497, refused


def test_the_async_client(engine: EngineProcess, sales: Client, database: str) -> None:
    async def story() -> tuple[int, list[object]]:
        client = await clickhouse_connect.get_async_client(
            host="127.0.0.1", port=engine.port, password=READ_ONLY, database=database
        )
        counts = await asyncio.gather(*(client.query("SELECT count() FROM sales") for _ in range(20)))
        rows = 0
        async with await client.query_row_block_stream("SELECT number FROM numbers(200000)") as blocks:
            async for block in blocks:
                rows += len(block)
        await client.close()
        return rows, [count.result_rows for count in counts]

    rows, counts = asyncio.run(story())
    assert rows == 200_000
    assert counts == [[(2,)]] * 20


def test_many_threads_insert_and_read_at_the_same_time(engine: EngineProcess, sales: Client, database: str) -> None:
    def work(number: int) -> None:
        with engine.client(database=database) as own:
            for turn in range(10):
                own.insert("sales", [[f"T{number}", turn]], column_names=["sku", "quantity"])
                assert own.query(f"SELECT {number * 1000 + turn}").first_row == (number * 1000 + turn,)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert sales.query("SELECT count() FROM sales WHERE sku LIKE 'T%'").first_row == (80,)
