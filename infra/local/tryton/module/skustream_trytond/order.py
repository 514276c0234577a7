# SPDX-License-Identifier: GPL-3.0-or-later
"""Orders that come from outside: their key, and how they are imported and cancelled."""

from contextlib import contextmanager

from trytond.exceptions import UserError
from trytond.exceptions import UserWarning as Doubt
from trytond.model import ModelSQL, Unique, fields
from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction

from skustream_trytond import catalogue

OPEN_SHIPMENT = ("draft", "waiting", "assigned", "picked", "packed")


class Sale(metaclass=PoolMeta):
    __name__ = "sale.sale"
    external_id = fields.Char("External ID", readonly=True)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        table = cls.__table__()
        cls._sql_constraints.append(("external_id_unique", Unique(table, table.external_id), "sale.msg_sale_reference"))

    @classmethod
    def copy(cls, sales, default=None):
        default = dict(default or {})
        default.setdefault("external_id", None)
        return super().copy(sales, default=default)


class SaleLine(metaclass=PoolMeta):
    __name__ = "sale.line"
    external_id = fields.Char("External ID", readonly=True)
    external_sku = fields.Char("External SKU", readonly=True)

    @classmethod
    def copy(cls, lines, default=None):
        default = dict(default or {})
        default.setdefault("external_id", None)
        default.setdefault("external_sku", None)
        return super().copy(lines, default=default)


class Cancellation(ModelSQL):
    """Cancelled External Order."""

    __name__ = "skustream.cancellation"
    external_id = fields.Char("External ID", required=True)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        table = cls.__table__()
        cls._sql_constraints = [("external_id_unique", Unique(table, table.external_id), "sale.msg_sale_reference")]


@contextmanager
def savepoint():
    """Undo only this block if it fails; what Tryton cached in it is forgotten with it."""
    transaction = Transaction()
    cursor = transaction.connection.cursor()
    cursor.execute("SAVEPOINT skustream_order")
    logs, tasks = len(transaction.log_records), len(transaction.tasks)
    try:
        yield
    except Exception:
        cursor.execute("ROLLBACK TO SAVEPOINT skustream_order")
        for cache in transaction.cache.values():
            cache.clear()
        del transaction.log_records[logs:]
        del transaction.tasks[tasks:]
        raise
    cursor.execute("RELEASE SAVEPOINT skustream_order")


def found(keys):
    """{key: sale} of those that are here."""
    Sale = Pool().get("sale.sale")
    return {sale.external_id: sale for sale in Sale.search([("external_id", "in", list(keys))])}


def noted(keys):
    """Keys whose cancellation came before them."""
    Cancellation = Pool().get("skustream.cancellation")
    return {c.external_id for c in Cancellation.search([("external_id", "in", list(keys))])}


def import_orders(orders):
    by_key = {}
    for order in orders:
        by_key.setdefault(order["key"], order)
    here, cancelled = found(by_key), noted(by_key)
    outcomes = {key: described(sale, "exists") for key, sale in here.items()}
    outcomes.update({key: {"outcome": "cancelled"} for key in cancelled - here.keys()})
    new = [order for key, order in by_key.items() if key not in outcomes]
    products = catalogue.products({line["sku"] for order in new for line in order["lines"]})
    defaults = sale_defaults() if new else {}
    planned = []
    for order in new:
        try:
            planned.append((order["key"], {**defaults, **sale_values(order, products)}))
        except UserError as error:
            outcomes[order["key"]] = refused(error)
    outcomes.update(create_all(planned))
    return outcomes


def create_all(planned):
    """All at once; only if that fails one by one, so that one bad order costs time and not the others."""
    if not planned:
        return {}
    try:
        with savepoint():
            return {sale.external_id: described(sale, "created") for sale in create([v for _, v in planned])}
    except (UserError, Doubt) as error:
        if len(planned) == 1:
            return {planned[0][0]: refused(error)}
    outcomes = {}
    for one in planned:
        outcomes.update(create_all([one]))
    return outcomes


def create(values):
    """From nothing to processing in one transaction: confirm() would leave the processing to a second one."""
    Sale = Pool().get("sale.sale")
    sales = Sale.create(values)
    Sale.quote(sales)
    Sale.set_sale_date(sales)
    Sale.store_cache(sales)
    Sale.write(sales, {"state": "confirmed"})
    Sale.process(sales)
    return Sale.browse(sales)


def sale_defaults():
    pool = Pool()
    company = pool.get("company.company")(Transaction().context["company"])
    customers = pool.get("party.party").search([("code", "=", "SHOPS")])
    if not customers:
        raise catalogue.Refused("There is no customer with the code SHOPS")
    address = customers[0].addresses[0].id
    return {
        "company": company.id,
        "currency": company.currency.id,
        "party": customers[0].id,
        "invoice_address": address,
        "shipment_address": address,
        "warehouse": catalogue.warehouse().id,
        "invoice_method": "manual",
        "shipment_method": "order",
    }


def sale_values(order, products):
    if not order["lines"]:
        raise catalogue.Refused("The order has no lines")
    return {
        "external_id": order["key"],
        "reference": order["key"],
        "lines": [("create", [line_values(line, products) for line in order["lines"]])],
    }


def line_values(line, products):
    sku = line["sku"]
    if sku not in products:
        raise catalogue.Refused(f"Unknown SKU: {sku}")
    product = products[sku]
    return {
        "external_id": line["line_id"],
        "external_sku": sku,
        "product": product.id,
        "unit": product.sale_uom.id,
        "quantity": float(catalogue.units(line["quantity"], sku)),
        "unit_price": product.list_price or 0,
    }


def described(sale, outcome):
    return {
        "outcome": outcome,
        "reference": sale.number,
        "lines": {line.external_id: line.id for line in sale.lines if line.external_id},
    }


def refused(error):
    return {"outcome": "refused", "error": error.message if hasattr(error, "message") else str(error)}


def cancel_orders(keys):
    """At any state; an order that is not here leaves a note, so that its late import does not create it."""
    pool = Pool()
    Sale, Shipment, Line = pool.get("sale.sale"), pool.get("stock.shipment.out"), pool.get("sale.line")
    keys = list(dict.fromkeys(keys))
    here, known = found(keys), noted(keys)
    note([key for key in keys if key not in known])
    outcomes = {key: "noted" for key in keys if key not in here}
    early = [sale for sale in here.values() if sale.state in {"draft", "quotation"}]
    if early:
        Sale.cancel(early)
    late = [sale for sale in here.values() if sale.state in {"confirmed", "processing", "done"}]
    open_shipments = [s for sale in late for s in sale.shipments if s.state in OPEN_SHIPMENT]
    if open_shipments:
        # Shipment.cancel queues the sales' processing, which runs after this commit and finds the moves ignored
        Shipment.cancel(open_shipments)
        Line.write(*ignored_moves(Line.browse([line for sale in late for line in sale.lines])))
    for sale in Sale.browse(list(here.values())):
        left = any(shipment.state in {"shipped", "done"} for shipment in sale.shipments)
        outcomes[sale.external_id] = "shipped" if left else "cancelled"
    return outcomes


def note(keys):
    Cancellation = Pool().get("skustream.cancellation")
    if keys:
        Cancellation.create([{"external_id": key} for key in keys])


def ignored_moves(lines):
    """Arguments for one write that makes the sales ask for no new moves in place of the cancelled ones."""
    arguments = []
    for line in lines:
        if gone := [move.id for move in line.moves if move.state == "cancelled"]:
            arguments.extend(([line], {"moves_ignored": [("add", gone)]}))
    return arguments


def states(keys):
    outcomes = {}
    for key, sale in found(keys).items():
        shipped = {}
        for line in sale.lines:
            done = [m for m in line.moves if m.state == "done" and m.to_location.type == "customer"]
            shipped[line.external_id] = int(sum(m.internal_quantity for m in done))
        outcomes[key] = {"state": sale.state, "shipment_state": sale.shipment_state, "shipped": shipped}
    return outcomes
