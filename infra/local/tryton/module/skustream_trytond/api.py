# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole interface of the module: RPCs of one model that is no table."""

from trytond.model import Model
from trytond.rpc import RPC
from trytond.transaction import without_check_access

from skustream_trytond import goods, order, warehouse

WRITES = ("import_orders", "cancel_orders", "ship_all", "receive", "count_stock", "add_goods")
READS = ("orders_to_ship", "stock_by_location", "order_states")


class Api(Model):
    """Skustream."""

    __name__ = "skustream.api"

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.__rpc__.update({name: RPC(readonly=False) for name in WRITES})
        cls.__rpc__.update({name: RPC(readonly=True) for name in READS})

    @classmethod
    @without_check_access
    def import_orders(cls, orders):
        """[{key, lines: [{line_id, sku, quantity}]}] -> {key: {outcome, reference, lines, error}}.

        Outcome: created, exists, cancelled (a cancellation came first) or refused (error says why). A refused order
        does not block the others.
        """
        return order.import_orders(orders)

    @classmethod
    @without_check_access
    def cancel_orders(cls, keys):
        """-> {key: outcome}: cancelled, noted (not here: a later import will not create it) or shipped (too late)."""
        return order.cancel_orders(keys)

    @classmethod
    @without_check_access
    def order_states(cls, keys):
        """-> {key: {state, shipment_state, shipped: {line_id: units}}} for the keys that are here."""
        return order.states(keys)

    @classmethod
    @without_check_access
    def orders_to_ship(cls, limit):
        """-> keys of orders with goods waiting to leave, oldest first."""
        return warehouse.orders_to_ship(limit)

    @classmethod
    @without_check_access
    def ship_all(cls, keys):
        """Assign, pick, pack and ship. -> {key: done, waiting (goods are missing), cancelled or missing}."""
        return warehouse.ship_all(keys)

    @classmethod
    @without_check_access
    def add_goods(cls, items):
        """[{sku, name, price, stock: {location: units}}] -> how many were new; those that are here stay as they are."""
        return goods.add(items)

    @classmethod
    @without_check_access
    def receive(cls, deliveries):
        """[{sku, quantity, location}] from the supplier into the location. -> reference of the receipt."""
        return warehouse.receive(deliveries)

    @classmethod
    @without_check_access
    def count_stock(cls, counts):
        """[{sku, location, quantity}]: what a stocktake found. -> references of the inventories."""
        return warehouse.count_stock(counts)

    @classmethod
    @without_check_access
    def stock_by_location(cls):
        """-> [{sku, location, on_hand}] of what is not zero, by Tryton's own reckoning."""
        return warehouse.stock_by_location()
