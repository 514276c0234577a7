"""The ClickHouse engine (chdb) over HTTP: one process owns the engine, everybody else speaks ClickHouse's HTTP."""
