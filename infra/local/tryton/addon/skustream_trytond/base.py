# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the base database (modules, company, warehouse, parties), and puts a catalogue with stock into it."""

import datetime
import json
import os
import sys
import time
from decimal import Decimal

from trytond import __series__, backend
from trytond.pool import Pool
from trytond.transaction import Transaction

MODULES = ["ir", "res", "sale", "stock", "skustream"]
BINS = ("A1", "A2", "B1")
HEARTBEAT = """CREATE TABLE skustream_heartbeat (id integer PRIMARY KEY, beat_at timestamptz NOT NULL)"""


def say(what, since):
    print(f"tryton template: {what} {time.monotonic() - since:.1f} s", file=sys.stderr, flush=True)


def make_base(database):
    """Everything that does not depend on the goods; the administrator's password is read from TRYTONPASSFILE."""
    started = time.monotonic()
    activate(database)
    say("modules", started)
    started = time.monotonic()
    pool = Pool(database)
    with Transaction().start(database, 0) as transaction:
        set_administrator(pool)
        company = make_company(pool)
        with transaction.set_context(company=company.id):
            make_parties(pool)
            make_warehouse(pool)
            configure_sales(pool)
        transaction.connection.cursor().execute(HEARTBEAT)
    say("company and warehouse", started)


def activate(database):
    db = backend.Database(database)
    db.connect()
    db.init()
    Pool(database).init(update=MODULES, lang=["en"], activatedeps=True, indexes=True)


def set_administrator(pool):
    User, Configuration = pool.get("res.user"), pool.get("ir.configuration")
    with open(os.environ["TRYTONPASSFILE"], encoding="utf-8") as file:
        password = file.read().strip()
    User.create([{"name": "Administrator", "login": "admin", "password": password, "administrator": True}])
    configuration = Configuration(1)
    configuration.series = __series__
    configuration.language = "en"
    configuration.save()


def make_company(pool):
    Currency, Rate = pool.get("currency.currency"), pool.get("currency.currency.rate")
    Party, Company, User = pool.get("party.party"), pool.get("company.company"), pool.get("res.user")
    currency, = Currency.create([
        {"name": "Euro", "symbol": "€", "code": "EUR", "rounding": Decimal("0.01")}
    ])  # fmt: skip
    Rate.create([{"date": datetime.date.min, "rate": Decimal(1), "currency": currency.id}])
    party, = Party.create([{"name": "Skustream shops", "addresses": [("create", [{}])]}])
    company, = Company.create([{"party": party.id, "currency": currency.id}])
    users = User.search([])
    User.write(users, {"companies": [("add", [company.id])], "company": company.id})
    return company


def make_parties(pool):
    Party = pool.get("party.party")
    Party.create([
        {"name": "Shop customer", "code": "SHOPS", "addresses": [("create", [{}])]},
        {"name": "Supplier", "code": "SUPPLIER", "addresses": [("create", [{}])]},
    ])  # fmt: skip


def make_warehouse(pool):
    Location = pool.get("stock.location")
    zone, = Location.search([("code", "=", "STO")])
    site, = Location.search([("type", "=", "warehouse")])
    Location.create([{"name": code, "code": code, "type": "storage", "parent": zone.id} for code in BINS])
    # goods go straight into and out of the bins: no picking moves, half the rows, and no stock outside of storage
    Location.write([site], {"input_location": zone.id, "output_location": zone.id})


def configure_sales(pool):
    SaleConfiguration = pool.get("sale.configuration")
    sales = SaleConfiguration(1)
    sales.sale_invoice_method = "manual"
    sales.sale_shipment_method = "order"
    sales.save()


def put_catalogue(database, path):
    """[{sku, name, price, stock: {location code: units}}] as products with stock."""
    with open(path, encoding="utf-8") as file:
        goods = json.load(file)
    started = time.monotonic()
    Pool(database).init()
    pool = Pool(database)
    say("start", started)
    started = time.monotonic()
    with Transaction().start(database, 0) as transaction:
        company, = pool.get("company.company").search([])
        with transaction.set_context(company=company.id):
            make_products(pool, goods)
            say(f"{len(goods)} products", started)
            started = time.monotonic()
            counts = [
                {"sku": item["sku"], "location": location, "quantity": units}
                for item in goods
                for location, units in item["stock"].items()
                if units
            ]
            if counts:
                pool.get("skustream.api").count_stock(counts)
    say(f"{len(counts)} counts", started)


def make_products(pool, goods):
    Template, Unit = pool.get("product.template"), pool.get("product.uom")
    unit, = Unit.search([("symbol", "=", "u")])
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
        for item in goods
    ])  # fmt: skip
