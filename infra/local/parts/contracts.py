"""Two parts without a process: all topics made on the broker, all schemas registered, before any worker starts."""

from typing_extensions import override

from infra.local.errors import PartError
from infra.local.parts.contract import Part, Site


class Topics(Part):
    """The topics of schemas/topics.py."""

    name = "topics"
    depends_on = ("kafka",)

    @override
    def set_up(self, site: Site) -> None:
        from confluent_kafka import KafkaException

        from connectors.kafka.topics import WrongTopic, apply_topics

        try:
            apply_topics(site.environment["SKUSTREAM_BROKERS"])
        except (WrongTopic, KafkaException) as error:
            raise PartError(f"the topics could not be made: {error}") from error


class Schemas(Part):
    """The contracts of schemas/events, registered under every subject; an incompatible one stops the start."""

    name = "schemas"
    depends_on = ("registry",)

    @override
    def set_up(self, site: Site) -> None:
        from schemas.codec import SchemaUnavailable
        from schemas.registry import IncompatibleSchema, Registry

        try:
            Registry(site.environment["SKUSTREAM_REGISTRY"]).register_all()
        except (IncompatibleSchema, SchemaUnavailable) as error:
            raise PartError(f"the schemas could not be registered: {error}") from error
