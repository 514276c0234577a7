# SPDX-License-Identifier: GPL-3.0-or-later
"""From SKU and location code to Tryton's records."""

from trytond.exceptions import UserError
from trytond.pool import Pool


class Refused(UserError):
    """What was asked for cannot be done; the message says which SKU, location or quantity."""

    def __init__(self, message):
        super().__init__(message)


def products(skus):
    """{SKU: product} of the active ones among ``skus``, in one query."""
    Product = Pool().get("product.product")
    found = Product.search([("code", "in", list(skus)), ("active", "=", True), ("template.active", "=", True)])
    return {product.code: product for product in found}


def all_products(skus):
    """The same, refusing if one is missing."""
    found = products(skus)
    if missing := sorted(set(skus) - found.keys()):
        raise Refused(f"Unknown SKU: {', '.join(missing[:10])}")
    return found


def warehouse():
    Location = Pool().get("stock.location")
    found = Location.search([("type", "=", "warehouse")], order=[("id", "ASC")], limit=1)
    if not found:
        raise Refused("There is no warehouse")
    return found[0]


def storage_locations():
    """Every storage location inside the warehouse's storage zone, the zone itself too."""
    Location = Pool().get("stock.location")
    zone = warehouse().storage_location
    return Location.search([("parent", "child_of", [zone.id], "parent"), ("type", "=", "storage")])


def location_code(location):
    """A location without a code is known by its id; the mapping of the change feed says it the same way."""
    return location.code or f"#{location.id}"


def locations(codes):
    """{code: location}, refusing if one is missing."""
    found = {location_code(location): location for location in storage_locations()}
    if missing := sorted(set(codes) - found.keys()):
        raise Refused(f"Unknown location: {', '.join(missing[:10])}")
    return found


def units(value, what):
    """A whole number above zero, or refused."""
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise Refused(f"{what}: the quantity must be a whole number above zero, not {value!r}")
    return value
