"""skustream_heartbeat: one row, written every second, so that silence can be told from standstill."""

from connectors.erp.tryton.tables.row import Row


class Heartbeat(Row):
    """When the beat was made, as ISO 8601."""

    beat_at: str
