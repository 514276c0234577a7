"""product_uom: what a unit is worth in its category's base unit."""

from pydantic import Field

from connectors.erp.tryton.tables.row import Row


class Uom(Row):
    """A unit: one of it is ``factor`` base units, and one base unit is ``rate`` of it."""

    factor: float = Field(gt=0)
    rate: float = Field(gt=0)
