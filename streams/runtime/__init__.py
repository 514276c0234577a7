"""The micro-batch runtime: exactly-once units of work on Faust's extension points. What agents need is named here."""

from streams.runtime.errors import RecordError, Unavailable
from streams.runtime.transaction import Transaction
from streams.runtime.unit import Agent, Batch, Table, Unit

__all__ = ["Agent", "Batch", "RecordError", "Table", "Transaction", "Unavailable", "Unit"]
