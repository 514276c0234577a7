"""The edges: everything that talks to a platform, an ERP, Kafka or ClickHouse."""
