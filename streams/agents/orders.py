"""Agent orders: the saga of each order. Platform reports and the stock's answers in; requests and decisions out."""

from typing import Any

from schemas.cloudevents import headers
from schemas.codec import Codec
from schemas.topics import INVENTORY_COMMANDS, ORDER_DECISIONS, ORDER_LINES, ORDERS
from streams.agents.records import decoded
from streams.agents.state import rows_of
from streams.orders.rows import NEW_ORDER, OrderRow
from streams.orders.saga import Output, Policy, on_change, on_line
from streams.runtime import Batch, Table, Transaction, Unit

SOURCE = "skustream/orders"
ORDER_ROWS = Table("orders", *rows_of(OrderRow))


def apply(codec: Codec, tx: Transaction, policy: Policy, name: str, event: Any) -> None:
    """One report or answer: the order after it, and what follows."""
    key = event["order_key"].encode()
    order = tx.get(ORDER_ROWS, key) or NEW_ORDER
    if name == "OrderChanged":
        after, outputs = on_change(order, event, policy)
    else:
        after, outputs = on_line(order, name, event, policy)
    if after != order:
        tx.put(ORDER_ROWS, key, after)
    for output in outputs:
        send(codec, tx, output)


def send(codec: Codec, tx: Transaction, output: Output) -> None:
    """Commands go to their SKU's partition, decisions to their order's."""
    record, value = output
    is_command = "sku" in value
    subject = value["sku"] if is_command else value["order_key"]
    topic = INVENTORY_COMMANDS if is_command else ORDER_DECISIONS
    marks = headers(SOURCE, record, value["event_id"], subject, value["occurred_at"])
    tx.send(topic.name, subject.encode(), codec.encode(record, value), marks)


def unit(codec: Codec, policy: Policy = Policy()) -> Unit:  # noqa: B008 - a frozen tuple
    """The agent: one unit of work per batch of either input."""

    def handle(batch: Batch, tx: Transaction) -> None:
        for name, event in decoded(codec, batch, tx):
            apply(codec, tx, policy, name, event)

    return Unit(
        name="orders",
        inputs=(ORDERS.name, ORDER_LINES.name),
        tables=(ORDER_ROWS,),
        partitions=ORDERS.partitions,
        handler=handle,
    )
