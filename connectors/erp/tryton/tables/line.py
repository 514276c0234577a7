"""sale_line: a line of an order."""

from connectors.erp.tryton.tables.row import Row


class Line(Row):
    """``external_id`` is the platform's line id, ``external_sku`` the SKU that was sold."""

    sale: int
    external_id: str | None
    external_sku: str | None
