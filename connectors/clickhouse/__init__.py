"""Kafka to ClickHouse: history tables, the sink that fills them exactly once, migrations and views, a reader."""
