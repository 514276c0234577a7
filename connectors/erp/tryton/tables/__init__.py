"""The captured tables, one module each, in one explicit mapping."""

from connectors.erp.tryton.tables.heartbeat import Heartbeat
from connectors.erp.tryton.tables.line import Line
from connectors.erp.tryton.tables.location import Location
from connectors.erp.tryton.tables.move import Move
from connectors.erp.tryton.tables.product import Product
from connectors.erp.tryton.tables.row import Row
from connectors.erp.tryton.tables.sale import Sale
from connectors.erp.tryton.tables.template import Template
from connectors.erp.tryton.tables.uom import Uom

TABLES: dict[str, type[Row]] = {
    "product_uom": Uom,
    "product_template": Template,
    "product_product": Product,
    "stock_location": Location,
    "sale_sale": Sale,
    "sale_line": Line,
    "stock_move": Move,
    "skustream_heartbeat": Heartbeat,
}

__all__ = ["TABLES", "Heartbeat", "Line", "Location", "Move", "Product", "Row", "Sale", "Template", "Uom"]
