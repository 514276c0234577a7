"""product_product: a variant, which is what has a SKU."""

from connectors.erp.tryton.tables.row import Row


class Product(Row):
    """``code`` is the SKU: null in the first insert, and it may change."""

    template: int
    code: str | None
    active: bool
