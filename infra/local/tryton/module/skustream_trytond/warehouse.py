# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens in the warehouse: goods leave, arrive, are counted."""

from collections import defaultdict

from trytond.pool import Pool
from trytond.transaction import Transaction

from skustream_trytond import catalogue, order

SHIPPABLE = ("waiting", "assigned", "picked", "packed", "shipped")


def orders_to_ship(limit):
    Shipment = Pool().get("stock.shipment.out")
    waiting = Shipment.search([("state", "in", SHIPPABLE)], order=[("id", "ASC")], limit=limit)
    sales = [move.origin.sale for shipment in waiting for move in shipment.moves if move.sale]
    return list(dict.fromkeys(sale.external_id for sale in sales if sale.external_id))


def ship_all(keys):
    Shipment = Pool().get("stock.shipment.out")
    sales = order.found(keys)
    shipments = {key: list(sale.shipments) for key, sale in sales.items()}
    flat = [shipment for several in shipments.values() for shipment in several]

    def in_state(*states):
        return [s for s in Shipment.browse(flat) if s.state in states]

    if waiting := in_state("waiting"):
        Shipment.assign_try(waiting)
    # goods that leave straight from their bin are not picked into an output zone first
    if away := [s for s in in_state("assigned") if s.warehouse_storage != s.warehouse_output]:
        Shipment.pick(away)
    if ready := in_state("assigned", "picked"):
        Shipment.pack(ready)
    if ready := in_state("packed", "shipped"):
        Shipment.do(ready)
    outcomes = {key: "missing" for key in keys if key not in sales}
    for key, several in shipments.items():
        outcomes[key] = outcome({s.state for s in Shipment.browse(several)})
    return outcomes


def outcome(states):
    left = states - {"cancelled"}
    if not left:
        return "cancelled"
    return "done" if left == {"done"} else "waiting"


def receive(goods):
    pool = Pool()
    Shipment, Party = pool.get("stock.shipment.in"), pool.get("party.party")
    company = pool.get("company.company")(Transaction().context["company"])
    products = catalogue.all_products({line["sku"] for line in goods})
    locations = catalogue.locations({line["location"] for line in goods})
    suppliers = Party.search([("code", "=", "SUPPLIER")])
    if not suppliers:
        raise catalogue.Refused("There is no supplier with the code SUPPLIER")
    moves = []
    for line in goods:
        product = products[line["sku"]]
        moves.append({
            "product": product.id,
            "unit": product.default_uom.id,
            "quantity": float(catalogue.units(line["quantity"], line["sku"])),
            "from_location": suppliers[0].supplier_location.id,
            "to_location": locations[line["location"]].id,
            "company": company.id,
            "currency": company.currency.id,
            "unit_price": product.list_price or 0,
        })  # fmt: skip
    site = catalogue.warehouse()
    shipments = Shipment.create([{
        "supplier": suppliers[0].id,
        "warehouse": site.id,
        "warehouse_input": site.input_location.id,
        "warehouse_storage": site.storage_location.id,
        "company": company.id,
        "moves": [("create", moves)],
    }])  # fmt: skip
    Shipment.receive(shipments)
    Shipment.do(shipments)
    return shipments[0].number


def count_stock(counts):
    Inventory = Pool().get("stock.inventory")
    products = catalogue.all_products({line["sku"] for line in counts})
    locations = catalogue.locations({line["location"] for line in counts})
    by_location = defaultdict(list)
    for line in counts:
        if isinstance(line["quantity"], bool) or not isinstance(line["quantity"], int) or line["quantity"] < 0:
            raise catalogue.Refused(f"{line['sku']}: a count is a whole number, not {line['quantity']!r}")
        by_location[line["location"]].append({"product": products[line["sku"]].id, "quantity": float(line["quantity"])})
    inventories = Inventory.create([
        {"location": locations[code].id, "empty_quantity": "keep", "lines": [("create", lines)]}
        for code, lines in by_location.items()
    ])  # fmt: skip
    Inventory.confirm(inventories)
    return [inventory.number for inventory in inventories]


def stock_by_location():
    pool = Pool()
    Product = pool.get("product.product")
    places = {location.id: catalogue.location_code(location) for location in catalogue.storage_locations()}
    today = pool.get("ir.date").today()
    with Transaction().set_context(stock_date_end=today, forecast=False, stock_assign=False):
        found = Product.products_by_location(list(places), with_childs=False)
    products = Product.search([("active", "=", True), ("template.active", "=", True)])
    skus = {product.id: product.code for product in products if product.code}
    rows = []
    for (location, product), quantity in sorted(found.items()):
        if quantity and product in skus:
            if quantity != int(quantity):
                raise catalogue.Refused(f"{skus[product]}: {quantity} is no whole number of units")
            rows.append({"sku": skus[product], "location": places[location], "on_hand": int(quantity)})
    return rows
