"""sale_sale: an order; ours if it has an external id, the order key."""

from connectors.erp.tryton.tables.row import Row


class Sale(Row):
    """An order."""

    external_id: str | None
