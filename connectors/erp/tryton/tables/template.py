"""product_template: what the variants of a product share."""

from connectors.erp.tryton.tables.row import Row


class Template(Row):
    """Stock moves are counted in the default unit, sales in the sales unit."""

    active: bool
    default_uom: int
    sale_uom: int | None
