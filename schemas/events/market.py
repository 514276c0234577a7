"""What only the simulated market knows: how the world really is. Not part of the product's own topics."""

from schemas.events.base import Delta, Key, Millis, Record, Sku, Text


class TruthRecorded(Record):
    """What could really be sold of a SKU at an instant."""

    event_id: Key
    sample_id: Text
    sku: Sku
    on_hand: Delta
    sellable: Delta
    """Units physically there less units sold and not yet shipped; 0 if that is less than nothing."""
    occurred_at: Millis
