"""What holds for every topic."""

import re

import pytest

from schemas.events import EVENTS
from schemas.topics import BY_NAME, DAY_MS, KEYED, SOURCES, TOPICS, Topic

NAME = re.compile(r"[a-z]+(\.[a-z]+)+\.v[1-9][0-9]*(\.dlq)?")
every_topic = pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)


def test_names_are_unique() -> None:
    assert len(BY_NAME) == len(TOPICS)


@every_topic
def test_the_name_follows_the_rule(topic: Topic) -> None:
    assert NAME.fullmatch(topic.name)


@every_topic
def test_a_reader_learns_what_it_is_and_whose(topic: Topic) -> None:
    assert topic.key
    assert topic.owner
    assert topic.about.endswith(".")


@every_topic
def test_retention_is_legal(topic: Topic) -> None:
    config = topic.config
    assert config["cleanup.policy"] in {"compact", "delete"}
    if topic.cleanup == "compact":
        assert "retention.ms" not in config
    else:
        assert DAY_MS <= int(config["retention.ms"]) <= 366 * DAY_MS


@every_topic
def test_topics_with_the_same_key_have_the_same_partitions(topic: Topic) -> None:
    assert topic.partitions == (1 if topic.name.startswith("erp.") else KEYED)


@every_topic
def test_a_dead_letter_topic_mirrors_its_source(topic: Topic) -> None:
    if not topic.name.endswith(".dlq"):
        assert f"{topic.name}.dlq" in BY_NAME
        return
    source = BY_NAME[topic.name.removesuffix(".dlq")]
    assert (topic.partitions, topic.key, topic.records) == (source.partitions, source.key, ())


@pytest.mark.parametrize("record", EVENTS, ids=lambda record: record.__name__)
def test_every_record_is_on_a_topic(record: type) -> None:
    assert any(record in topic.records for topic in SOURCES)


@every_topic
def test_a_topic_carries_only_listed_records_each_once(topic: Topic) -> None:
    assert set(topic.records) <= set(EVENTS)
    assert len(set(topic.records)) == len(topic.records)


@every_topic
def test_records_carry_the_key_of_their_topic(topic: Topic) -> None:
    field = {"SKU": "sku", "order key": "order_key"}.get(topic.key)
    for record in topic.records:
        has_no_key = record.__name__ == "ClockTicked"  # told to each partition by its number
        assert field is None or has_no_key or field in record.model_fields


def test_only_what_the_erp_says_is_not_ours_to_define() -> None:
    assert [topic.name for topic in SOURCES if not topic.records] == ["erp.tryton.changes.v1"]
