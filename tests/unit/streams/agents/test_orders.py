"""The orders agent around its saga: where what goes, and what is kept."""

import pytest

from schemas.topics import INVENTORY_COMMANDS, ORDER_DECISIONS, ORDER_LINES, ORDERS
from streams.agents import orders
from streams.orders.saga import Policy
from tests.builders import ORDER, SKU
from tests.memory import CODEC, Agent
from tests.order_builders import oversold, reported, reserved, shipped


@pytest.fixture
def agent() -> Agent:
    return Agent(orders.unit)


def test_it_reads_reports_and_answers_which_share_their_partitions(agent: Agent) -> None:
    assert agent.unit.inputs == (ORDERS.name, ORDER_LINES.name)
    assert agent.unit.partitions == ORDERS.partitions == ORDER_LINES.partitions


def test_commands_go_by_sku_and_decisions_by_order(agent: Agent) -> None:
    sent = agent.tell(("OrderChanged", reported("paid", 1, {SKU: 1, "SKU-2": 1})), reserved(1), reserved(1, "SKU-2"))
    assert [(out.topic, out.key, out.record[0]) for out in sent] == [
        (INVENTORY_COMMANDS.name, SKU.encode(), "ReservationRequested"),
        (INVENTORY_COMMANDS.name, b"SKU-2", "ReservationRequested"),
        (ORDER_DECISIONS.name, ORDER.encode(), "OrderAccepted"),
    ]
    assert sent[0].headers["ce_subject"] == SKU.encode()
    assert sent[2].headers["ce_subject"] == ORDER.encode()


def test_what_it_sends_is_on_its_topics(agent: Agent) -> None:
    told = [("OrderChanged", reported("paid", 1)), reserved(), shipped(2)]
    for out in agent.tell(*told):
        topic = {INVENTORY_COMMANDS.name: INVENTORY_COMMANDS, ORDER_DECISIONS.name: ORDER_DECISIONS}[out.topic]
        assert out.record[0] in {record.__name__ for record in topic.records}


def test_a_second_batch_finds_the_row_of_the_first(agent: Agent) -> None:
    agent.tell(("OrderChanged", reported("paid", 1)))
    [accepted] = agent.tell(reserved())
    assert accepted.record[0] == "OrderAccepted"
    assert agent.tell(reserved()) == []


def test_the_policy_is_the_units(agent: Agent) -> None:
    told = [("OrderChanged", reported("paid", 1)), oversold(1)]
    assert agent.tell(*told)[-1].record[0] == "OrderRejected"
    patient = Agent(lambda codec: orders.unit(codec, Policy(oversell="backorder")))
    assert patient.tell(*told)[-1].record[0] == "OrderAccepted"


def test_what_is_no_record_is_put_aside_and_the_rest_goes_on(agent: Agent) -> None:
    sent = agent.take(b"\0\0\0\0\x63body", CODEC.encode("OrderChanged", reported("created", 1)))
    [(raw, stage, why)] = agent.tx.dead
    assert (raw.offset, stage) == (0, "decode")
    assert "schema id 99" in why
    assert [out.record[0] for out in sent] == ["ReservationRequested"]
