# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the base database (modules, company, warehouse, parties), and puts a catalogue with stock into it."""

import datetime
import json
import sys
import time
from decimal import Decimal
from pathlib import Path

from trytond import __series__
from trytond.pool import Pool
from trytond.transaction import Transaction

from skustream_trytond import goods
from skustream_trytond.activation import activate, unchecked

BINS = ("A1", "A2", "B1")
HEARTBEAT = "CREATE TABLE skustream_heartbeat (id integer PRIMARY KEY, beat_at timestamptz NOT NULL)"
# change capture leaves out updates that change no captured column, which it sees only with the row as it was before;
# stock_move keeps the default: every change of it counts, and the reader keeps the last row itself
COMPARED = ("product_uom", "product_template", "product_product", "stock_location", "sale_sale", "sale_line")


def say(what, since):
    sys.stderr.write(f"tryton template: {what} {time.monotonic() - since:.1f} s\n")
    sys.stderr.flush()


def make_base(database):
    """Everything that does not depend on the goods."""
    started = time.monotonic()
    activate(database)
    say("modules", started)
    started = time.monotonic()
    pool = Pool(database)
    with Transaction().start(database, 0) as transaction:
        lock_at_once(transaction)
        set_administrator(pool)
        company = make_company(pool)
        with transaction.set_context(company=company.id):
            make_parties(pool)
            make_warehouse(pool)
            configure_sales(pool)
        prepare_capture(transaction.connection.cursor())
    say("company and warehouse", started)


def lock_at_once(transaction):
    """A server restarts the request with the lock taken; nobody else is here, so take it where it is asked for."""
    transaction.lock_table = lambda table: transaction.database.lock(transaction.connection, table)


def set_administrator(pool):
    """Without a password: nobody can log in until the database is given one."""
    User, Configuration = pool.get("res.user"), pool.get("ir.configuration")
    User.create([{"name": "Administrator", "login": "admin", "administrator": True}])
    configuration = Configuration(1)
    configuration.series = __series__
    configuration.language = "en"
    configuration.save()


def make_company(pool):
    Currency, Rate = pool.get("currency.currency"), pool.get("currency.currency.rate")
    Party, Company, User = pool.get("party.party"), pool.get("company.company"), pool.get("res.user")
    (currency,) = Currency.create([
        {"name": "Euro", "symbol": "€", "code": "EUR", "rounding": Decimal("0.01")}
    ])  # fmt: skip
    Rate.create([{"date": datetime.date.min, "rate": Decimal(1), "currency": currency.id}])
    (party,) = Party.create([{"name": "Skustream shops", "addresses": [("create", [{}])]}])
    (company,) = Company.create([{"party": party.id, "currency": currency.id}])
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
    (zone,) = Location.search([("code", "=", "STO")])
    (site,) = Location.search([("type", "=", "warehouse")])
    Location.create([{"name": code, "code": code, "type": "storage", "parent": zone.id} for code in BINS])
    # goods go straight into and out of the bins: no picking moves, half the rows, and no stock outside of storage
    Location.write([site], {"input_location": zone.id, "output_location": zone.id})


def prepare_capture(cursor):
    cursor.execute(HEARTBEAT)
    # never empty: a snapshot marks its last row, and this is the last table
    cursor.execute("INSERT INTO skustream_heartbeat (id, beat_at) VALUES (1, now())")
    for table in COMPARED:
        cursor.execute(f"ALTER TABLE {table} REPLICA IDENTITY FULL")


def configure_sales(pool):
    SaleConfiguration = pool.get("sale.configuration")
    sales = SaleConfiguration(1)
    sales.sale_invoice_method = "manual"
    sales.sale_shipment_method = "order"
    sales.save()


def put_catalogue(database, path):
    """The goods of a JSON file as products with stock; see goods.add."""
    items = json.loads(Path(path).read_text(encoding="utf-8"))
    started = time.monotonic()
    Pool(database).init()
    pool = Pool(database)
    with Transaction().start(database, 0) as transaction:
        lock_at_once(transaction)
        (company,) = pool.get("company.company").search([])
        with transaction.set_context(company=company.id), unchecked():
            goods.add(items)
    say(f"{len(items)} products", started)
