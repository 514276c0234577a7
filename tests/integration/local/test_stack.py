"""The embedded stack on real parts: subsets, moved ports, kills, and what survives."""

from confluent_kafka.admin import AdminClient

from infra.local.stack import Stack


def test_base_parts_answer(stack: Stack) -> None:
    assert AdminClient({"bootstrap.servers": stack.env["SKUSTREAM_BROKERS"]}).list_topics(timeout=5).brokers
    assert stack.status()["ready"]
