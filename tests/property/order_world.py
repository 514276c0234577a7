"""Orders and stock in memory: the two agents with queues between them, one queue a key, served in any order."""

import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from typing import Any

from schemas.topics import INVENTORY_COMMANDS, INVENTORY_RESERVATIONS, MOVEMENTS, ORDER_DECISIONS, ORDER_LINES
from streams.agents import orders as orders_agent
from streams.agents import stock as stock_agent
from streams.inventory.rows import Reservation, StockRow
from streams.orders.rows import ENDED, NEW_ORDER, OrderRow
from streams.orders.saga import Policy
from tests.builders import Told, record
from tests.memory import CODEC, Agent, Sent

Choose = Callable[[int], int]
"""A number below the given one: which queue is served next."""
LATER = 4_000_000_000_000
"""Milliseconds: after every hold."""
CHAINS = re.compile(r"U?(A?[CUF]?|R)")
"""What may be decided of an order, in this order: unpaid (and paid after all), accepted, and one end."""


class World:
    """Two agents, their tables, and what lies between them."""

    def __init__(self, policy: Policy) -> None:
        self.orders = Agent(lambda codec: orders_agent.unit(codec, policy))
        self.stock = Agent(stock_agent.unit)
        self.queues: dict[tuple[str, bytes], deque[bytes]] = defaultdict(deque)
        self.ledger: dict[str, list[Any]] = defaultdict(list)
        self.decisions: dict[str, list[Told]] = defaultdict(list)
        self.accepted: dict[str, dict[tuple[str, str], int]] = {}

    def report(self, event: Any) -> None:
        """A platform's report arrives."""
        self.queues["report", event["order_key"].encode()].append(CODEC.encode("OrderChanged", event))

    def command(self, told: Told) -> None:
        """The ERP says something of a SKU, or what time it is."""
        key = told[1].get("sku", "clock").encode()
        self.queues["command", key].append(CODEC.encode(*told))

    def tick(self, now: int = LATER) -> None:
        """Time passes."""
        self.command(record("ClockTicked", source="erp", occurred_at=now))

    def serve(self, choose: Choose) -> bool:
        """Serve one queue a batch of one or two records; False when all is done."""
        ready = [name for name, queue in self.queues.items() if queue]
        if not ready:
            return False
        kind, key = ready[choose(len(ready))]
        queue = self.queues[kind, key]
        batch = [queue.popleft() for _ in range(min(len(queue), 1 + choose(2)))]
        agent = self.stock if kind == "command" else self.orders
        self._route(agent.take(*batch))
        assert not agent.tx.dead
        return True

    def drain(self, choose: Choose) -> None:
        """Serve until nothing is left."""
        while self.serve(choose):
            pass

    def settle(self, choose: Choose) -> None:
        """Serve all, let every hold run out, serve all."""
        self.drain(choose)
        self.tick()
        self.drain(choose)

    @property
    def order_rows(self) -> dict[str, OrderRow]:
        return {key.decode(): row for key, row in self.orders.tx.rows(orders_agent.ORDER_ROWS).items()}

    @property
    def stock_rows(self) -> dict[str, StockRow]:
        return {key.decode(): row for key, row in self.stock.tx.rows(stock_agent.ROWS).items()}

    @property
    def reservations(self) -> dict[tuple[str, ...], Reservation]:
        """By SKU, order and line."""
        rows = self.stock.tx.rows(stock_agent.RESERVATIONS)
        return {tuple(key.decode().split("\0")): row for key, row in rows.items()}

    def _route(self, sent: list[Sent]) -> None:
        for out in sent:
            if out.topic == INVENTORY_COMMANDS.name:
                self.queues["command", out.key].append(out.value)
            elif out.topic == ORDER_LINES.name:
                self.queues["answer", out.key].append(out.value)
            elif out.topic == MOVEMENTS.name:
                self.ledger[out.key.decode()].append(out.record[1])
            elif out.topic == ORDER_DECISIONS.name:
                self._decided(out)
        twice = Counter(out.value for out in sent if out.topic == INVENTORY_RESERVATIONS.name)
        assert twice == Counter(out.value for out in sent if out.topic == ORDER_LINES.name)

    def _decided(self, out: Sent) -> None:
        name, value = out.record
        order = out.key.decode()
        self.decisions[order].append((name, value))
        if name == "OrderAccepted":
            self.accepted[order] = {(x["sku"], x["line_id"]): x["quantity"] for x in value["lines"]}

    # what must hold

    def check_sums(self) -> None:
        """At every instant: the row is its ledger's fold, and its sums are those of its parts."""
        held: Counter[str] = Counter()
        for (sku, _, _), reservation in self.reservations.items():
            held[sku] += reservation.held
        for sku, row in self.stock_rows.items():
            ledger = self.ledger[sku]
            assert row.version == len(ledger)
            assert [movement["version"] for movement in ledger] == list(range(1, len(ledger) + 1))
            assert len({movement["event_id"] for movement in ledger}) == len(ledger)
            assert row.on_hand == sum(movement["on_hand_delta"] for movement in ledger)
            assert row.on_hand == sum(place.on_hand for place in row.locations.values())
            assert row.reserved == sum(movement["reserved_delta"] for movement in ledger)
            assert row.reserved == sum(channel.reserved for channel in row.channels.values())
            assert row.reserved == held[sku] + (row.channels["erp"].reserved if "erp" in row.channels else 0)

    def check_chains(self) -> None:
        """An order ends once; only a payment after the hold ran out takes an end back."""
        for decisions in self.decisions.values():
            assert CHAINS.fullmatch("".join(_letter(name, value) for name, value in decisions)), decisions
            assert len({value["event_id"] for _, value in decisions}) == len(decisions)

    def check_settled(self) -> None:
        """When nothing is under way: who holds what, seen from the orders and from the stock, is the same."""
        self.check_sums()
        self.check_chains()
        wanted: dict[tuple[str, ...], int] = {}
        for key, order in self.order_rows.items():
            is_ended = order.decision in ENDED
            for line in order.lines:
                is_over = line.state in ("released", "fulfilled", "expired")
                assert is_over or not is_ended, (key, order)
                wanted[line.sku, key, line.line_id] = 0 if is_over else line.quantity - line.shipped
            assert is_ended or not order.lines or self._has_reason_to_wait(order), (key, order)
        for name, reservation in self.reservations.items():
            assert reservation.held == wanted.get(name, 0), (name, reservation, self.order_rows.get(name[1], NEW_ORDER))

    def _has_reason_to_wait(self, order: OrderRow) -> bool:
        if not order.is_firm:
            return False
        states = {line.state for line in order.lines}
        is_parked = any(not self.stock_rows[line.sku].is_known for line in order.lines if line.state == "requested")
        return is_parked or (
            order.decision == "accepted" and states <= {"reserved", "oversold", "fulfilled", "released"}
        )


def _letter(name: str, value: Any) -> str:
    if name == "OrderCancelled":
        return "U" if value["cause"] == "unpaid" else "C"
    return {"OrderAccepted": "A", "OrderRejected": "R", "OrderCompleted": "F"}[name]
