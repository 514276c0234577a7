"""Makes the topics of schemas/topics.py on a broker, and refuses a topic that was made otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic  # type: ignore[attr-defined]

from schemas.topics import TOPICS, Topic

TIMEOUT_S = 30.0


class WrongTopic(RuntimeError):
    """A topic exists with other partitions than declared: keys would be elsewhere than where they are looked for."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done."""

    created: tuple[str, ...]
    kept: tuple[str, ...]


def apply_topics(brokers: str, topics: Sequence[Topic] = TOPICS, replicas: int = 1) -> Applied:
    """Create what is missing and set the declared settings on what is there. Raises WrongTopic, KafkaException."""
    admin = AdminClient({"bootstrap.servers": brokers})
    there = admin.list_topics(timeout=TIMEOUT_S).topics
    wrong = [
        f"{topic.name} has {len(there[topic.name].partitions)} partitions, declared are {topic.partitions}"
        for topic in topics
        if topic.name in there and len(there[topic.name].partitions) != topic.partitions
    ]
    if wrong:
        raise WrongTopic("; ".join(wrong))
    missing = [topic for topic in topics if topic.name not in there]
    present = [topic for topic in topics if topic.name in there]
    _create(admin, missing, replicas)
    _configure(admin, present)
    return Applied(tuple(t.name for t in missing), tuple(t.name for t in present))


def _create(admin: AdminClient, topics: list[Topic], replicas: int) -> None:
    new = [NewTopic(topic.name, topic.partitions, replicas, config=topic.config) for topic in topics]
    if not new:
        return
    for made in admin.create_topics(new, operation_timeout=TIMEOUT_S).values():
        try:
            made.result()
        except KafkaException as error:
            # somebody else was faster, with the same tuple
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise


def _configure(admin: AdminClient, topics: list[Topic]) -> None:
    resources = [
        ConfigResource(
            ConfigResource.Type.TOPIC,
            topic.name,
            incremental_configs=[
                ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
                for name, value in topic.config.items()
            ],
        )
        for topic in topics
    ]
    if resources:
        for done in admin.incremental_alter_configs(resources).values():
            done.result()
