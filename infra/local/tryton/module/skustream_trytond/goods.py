# SPDX-License-Identifier: GPL-3.0-or-later
"""New goods: products with their initial stock."""

from decimal import Decimal

from trytond.pool import Pool

from skustream_trytond import catalogue, warehouse


def add(items):
    """[{sku, name, price, stock: {location code: units}}] -> how many were new; those that are here stay."""
    pool = Pool()
    Template, Unit = pool.get("product.template"), pool.get("product.uom")
    here = catalogue.products({item["sku"] for item in items})
    new = [item for item in items if item["sku"] not in here]
    (unit,) = Unit.search([("symbol", "=", "u")])
    Template.create([
        {
            "name": item["name"],
            "code": item["sku"],
            "type": "goods",
            "default_uom": unit.id,
            "salable": True,
            "sale_uom": unit.id,
            "list_price": Decimal(item["price"]),
            "products": [("create", [{}])],
        }
        for item in new
    ])  # fmt: skip
    counts = [
        {"sku": item["sku"], "location": location, "quantity": units}
        for item in new
        for location, units in item.get("stock", {}).items()
        if units
    ]
    if counts:
        warehouse.count_stock(counts)
    return len(new)
