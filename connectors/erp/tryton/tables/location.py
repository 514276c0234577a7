"""stock_location: places, and what kind of place each is."""

from typing import Literal

from connectors.erp.tryton.tables.row import Row

LocationType = Literal[
    "supplier", "customer", "lost_found", "warehouse", "storage", "production", "drop", "rental", "view"
]


class Location(Row):
    """``storage_location`` is set on warehouses only: the zone whose storage places hold what can be sold."""

    type: LocationType
    code: str | None
    parent: int | None
    storage_location: int | None
