"""The stock agent around its core: parked SKUs, deadlines, what goes out to whom, and bytes that are no record."""

from typing import Any

import pytest

from schemas.codec import Codec, SchemaUnavailable
from schemas.registry import FixedIds
from schemas.topics import (
    ALERTS,
    DISCREPANCIES,
    INVENTORY_COMMANDS,
    INVENTORY_RESERVATIONS,
    MOVEMENTS,
    ORDER_LINES,
    STOCK,
    Topic,
)
from streams.agents import stock
from streams.runtime import Unavailable
from tests.builders import ORDER, SKU, Told, cancelled, confirmed, counted, expired, fulfilled, record, requested
from tests.memory import CODEC, Agent, Sent

OTHER_ORDER = "shopify:north:2"


@pytest.fixture
def agent() -> Agent:
    return Agent(stock.unit)


def ticked(now: int) -> Told:
    return record("ClockTicked", source="erp", occurred_at=now)


def on(topic: Topic, sent: list[Sent]) -> list[Any]:
    """The values sent to a topic."""
    return [out.record[1] for out in sent if out.topic == topic.name]


def row_of(agent: Agent, sku: str = SKU) -> Any:
    return agent.tx.rows(stock.ROWS)[sku.encode()]


def deadlines(agent: Agent) -> list[int]:
    return list(agent.tx.rows(stock.EXPIRIES).values())


def test_it_reads_the_commands_and_has_their_partitions(agent: Agent) -> None:
    assert (agent.unit.inputs, agent.unit.partitions) == ((INVENTORY_COMMANDS.name,), INVENTORY_COMMANDS.partitions)


def test_each_command_of_the_topic_is_handled(agent: Agent) -> None:
    from schemas.topics import COMMANDS
    from tests.contract.schemas.examples import of

    for contract in COMMANDS:
        agent.tell((contract.__name__, of(contract)[0]))
    assert agent.tx.dead == []


def test_one_level_per_sku_and_batch_and_every_step_in_the_ledger(agent: Agent) -> None:
    sent = agent.tell(counted(5, 1), requested(2), counted(9, 1, sku="SKU-2"), requested(1, order=OTHER_ORDER))
    levels = on(STOCK, sent)
    assert [(level["sku"], level["available"]) for level in levels] == [(SKU, 2), ("SKU-2", 9)]
    assert [movement["version"] for movement in on(MOVEMENTS, sent)] == [1, 2, 1, 3]


def test_what_changes_nothing_sends_nothing(agent: Agent) -> None:
    agent.tell(counted(5, 1))
    assert agent.tell(counted(5, 1), expired(), ticked(99)) == []


def test_a_reservation_event_goes_out_by_sku_and_by_order_as_the_same_bytes(agent: Agent) -> None:
    sent = agent.tell(counted(1, 1), requested(3), cancelled())
    by_sku = [out for out in sent if out.topic == INVENTORY_RESERVATIONS.name]
    by_order = [out for out in sent if out.topic == ORDER_LINES.name]
    assert [out.value for out in by_sku] == [out.value for out in by_order]
    assert [out.headers for out in by_sku] == [out.headers for out in by_order]
    assert [out.record[0] for out in by_sku] == ["StockOversold", "ReservationReleased"]
    assert ({out.key for out in by_sku}, {out.key for out in by_order}) == ({SKU.encode()}, {ORDER.encode()})


def test_the_headers_name_the_record(agent: Agent) -> None:
    for out in agent.tell(counted(5, 1), requested(2)):
        name, value = out.record
        assert out.headers["ce_type"] == f"skustream.{name}".encode()
        assert out.headers["ce_id"] == value["event_id"].encode()
        assert out.headers["ce_subject"] == SKU.encode()


def test_whatever_goes_out_keeps_its_contract(agent: Agent) -> None:
    from schemas import events

    told = [requested(2), counted(1, 1), requested(3, 2), confirmed(), fulfilled(1, 0, 2), cancelled(), expired()]
    for out in agent.tell(*told):
        name, value = out.record
        assert getattr(events, name)(**value).model_dump() == value


# parked


def test_a_line_of_an_unknown_sku_waits_and_raises_one_alarm(agent: Agent) -> None:
    sent = agent.tell(requested(2), requested(1, order=OTHER_ORDER))
    assert [(a["kind"], a["subject"], a["state"]) for a in on(ALERTS, sent)] == [("unmapped_sku", SKU, "open")]
    assert [d["kind"] for d in on(DISCREPANCIES, sent)] == ["unmapped_sku"]
    assert on(INVENTORY_RESERVATIONS, sent) == []
    assert len(row_of(agent).parked) == 2


def test_waiting_lines_are_decided_in_turn_when_the_erp_tells_of_the_sku(agent: Agent) -> None:
    agent.tell(requested(2), requested(2, order=OTHER_ORDER))
    sent = agent.tell(counted(3, 1))
    answers = [out.record for out in sent if out.topic == ORDER_LINES.name]
    assert [(name, value["order_key"], value.get("short")) for name, value in answers] == [
        ("StockReserved", ORDER, None),
        ("StockOversold", OTHER_ORDER, 1),
    ]
    assert [alarm["state"] for alarm in on(ALERTS, sent)] == ["closed"]
    assert (row_of(agent).parked, row_of(agent).reserved) == ((), 4)


def test_a_product_that_comes_before_its_stock_turns_no_order_down(agent: Agent) -> None:
    agent.tell(requested(2))
    assert on(ORDER_LINES, agent.tell(counted(0, 1))) == []
    sent = agent.tell(counted(9, 2))
    assert [out.record[0] for out in sent if out.topic == ORDER_LINES.name] == ["StockReserved"]
    assert row_of(agent).parked == ()


def test_a_product_that_stays_without_stock_is_decided_by_the_clock(agent: Agent) -> None:
    agent.tell(requested(2))
    _, first = count = counted(0, 1)
    agent.tell(count)
    until = first["occurred_at"] + stock.PATIENCE_MS
    assert on(ORDER_LINES, agent.tell(ticked(until - 1))) == []
    sent = agent.tell(ticked(until))
    assert [out.record[0] for out in sent if out.topic == ORDER_LINES.name] == ["StockOversold"]
    assert (row_of(agent).parked, deadlines(agent)) == ((), [])


def test_a_shipment_that_makes_the_sku_known_decides_the_others_too(agent: Agent) -> None:
    agent.tell(requested(1), requested(1, order=OTHER_ORDER))
    sent = agent.tell(fulfilled(1, 4, 1))
    assert [(out.key.decode(), out.record[0]) for out in sent if out.topic == ORDER_LINES.name] == [
        (ORDER, "ReservationFulfilled"),
        (OTHER_ORDER, "StockReserved"),
    ]
    assert row_of(agent).parked == ()


def test_the_alarm_closes_when_the_last_waiting_line_is_cancelled(agent: Agent) -> None:
    agent.tell(requested(2), requested(1, order=OTHER_ORDER))
    assert on(ALERTS, agent.tell(cancelled())) == []
    assert [alarm["state"] for alarm in on(ALERTS, agent.tell(cancelled(OTHER_ORDER)))] == ["closed"]
    assert on(ALERTS, agent.tell(counted(5, 1))) == []


def test_a_waiting_line_that_runs_out_is_released(agent: Agent) -> None:
    agent.tell(requested(2, expires_at=100))
    sent = agent.tell(ticked(100))
    assert [(e["kind"], e["quantity"]) for e in on(ORDER_LINES, sent)] == [("expired", 2)]
    assert (row_of(agent).parked, row_of(agent).reserved, deadlines(agent)) == ((), 0, [])


# deadlines


def test_a_tick_ends_all_that_is_due_and_nothing_else(agent: Agent) -> None:
    agent.tell(
        counted(9, 1),
        counted(9, 1, sku="SKU-2"),
        requested(1, expires_at=100),
        requested(2, expires_at=100, order=OTHER_ORDER, sku="SKU-2"),
        requested(3, expires_at=101, order="shopify:north:3"),
        requested(4, order="shopify:north:4"),
    )
    assert sorted(deadlines(agent)) == [100, 100, 101]
    assert agent.tell(ticked(99)) == []
    sent = agent.tell(ticked(100))
    assert {(e["order_key"], e["quantity"], e["reason"]) for e in on(ORDER_LINES, sent)} == {
        (ORDER, 1, "unpaid"),
        (OTHER_ORDER, 2, "unpaid"),
    }
    assert (row_of(agent).reserved, row_of(agent, "SKU-2").reserved, deadlines(agent)) == (7, 0, [101])
    assert len({movement["event_id"] for movement in on(MOVEMENTS, sent)}) == 2


def test_the_same_tick_again_ends_nothing_more(agent: Agent) -> None:
    agent.tell(counted(9, 1), requested(1, expires_at=100))
    assert agent.tell(ticked(100)) != []
    assert agent.tell(ticked(100)) == []


@pytest.mark.parametrize(
    "end",
    [confirmed(), cancelled(), fulfilled(1, 8, 2), requested(1, 2), requested(0, 2, expires_at=100)],
    ids=["paid", "cancelled", "shipped", "asked for again as paid", "asked for with nothing"],
)
def test_what_can_no_longer_expire_has_no_deadline(agent: Agent, end: Told) -> None:
    agent.tell(counted(9, 1), requested(1, expires_at=100))
    agent.tell(end)
    assert deadlines(agent) == []
    assert on(ORDER_LINES, agent.tell(ticked(1000))) == []


def test_a_changed_line_has_its_new_deadline_only(agent: Agent) -> None:
    agent.tell(counted(9, 1), requested(1, expires_at=100), requested(2, 2, expires_at=200))
    assert deadlines(agent) == [200]


def test_a_tick_and_what_it_ends_may_share_a_batch(agent: Agent) -> None:
    sent = agent.tell(counted(9, 1), requested(1, expires_at=100), ticked(100), confirmed())
    assert [out.record[0] for out in sent if out.topic == ORDER_LINES.name] == [
        "StockReserved",
        "ReservationReleased",
        "StockReserved",
    ]


# bytes


def test_what_is_no_record_is_put_aside_and_the_rest_goes_on(agent: Agent) -> None:
    good = CODEC.encode(*counted(5, 1))
    sent = agent.take(b"rubbish", good, None, good[:-1])
    assert [(raw.offset, stage) for raw, stage, _ in agent.tx.dead] == [(0, "decode"), (2, "decode"), (3, "decode")]
    assert [raw.value for raw, _, _ in agent.tx.dead] == [b"rubbish", None, good[:-1]]
    assert on(STOCK, sent)[0]["on_hand"] == 5


class Away(FixedIds):
    """A registry that answers what is written, and nothing that is read."""

    def schema_of(self, schema_id: int) -> dict[str, Any]:
        raise SchemaUnavailable("registry away")


def test_a_registry_that_is_away_stops_the_batch_and_blames_no_record() -> None:
    agent = Agent(stock.unit)
    agent.unit = stock.unit(Codec(Away()))
    with pytest.raises(Unavailable, match="registry away"):
        agent.tell(counted(5, 1))
    assert (agent.tx.dead, agent.tx.sent) == ([], [])
