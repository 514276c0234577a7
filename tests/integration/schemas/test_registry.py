"""The real registry: what it takes, what it refuses, and what we say when it is away."""

import socket
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient
from pydantic import create_model

from infra.local.stack import Stack
from schemas import registry as module
from schemas.avro_schema import schema_of
from schemas.codec import Codec, SchemaUnavailable, UndecodableRecord
from schemas.compatibility import breaks
from schemas.events.base import Record
from schemas.registry import IncompatibleSchema, Registry, subjects
from schemas.topics import Topic
from tests.contract.schemas.examples import ALL


@pytest.fixture(scope="module")
def url(stack: Stack) -> str:
    return stack.env["SKUSTREAM_REGISTRY"]


@pytest.fixture
def nowhere() -> Iterator[str]:
    """An address where nobody listens, for as long as the test runs."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def test_every_contract_is_registered_and_again_changes_nothing(url: str) -> None:
    first = Registry(url).register_all()
    assert list(first) == [subject for subject, _ in subjects()]
    assert Registry(url).register_all() == first
    client = SchemaRegistryClient({"url": url})
    assert set(first) <= set(client.get_subjects())
    assert {client.get_versions(subject)[-1] for subject in first} == {1}


def test_one_schema_on_two_topics_has_one_id(url: str) -> None:
    ids = Registry(url).register_all()
    record = "skustream.StockReserved"
    assert ids[f"inventory.reservations.v1-{record}"] == ids[f"orders.lines.v1-{record}"]
    assert Registry(url).id_of("StockReserved") == ids[f"orders.lines.v1-{record}"]


def test_the_schema_comes_back_as_it_was_registered(url: str) -> None:
    registry = Registry(url)
    for _, record in subjects():
        returned = Registry(url).schema_of(registry.id_of(record.__name__))
        assert breaks(returned, schema_of(record)) == []
        assert [f["name"] for f in returned["fields"]] == list(record.model_fields)


def test_full_transitive_is_in_force(url: str) -> None:
    Registry(url).register_all()
    config = SchemaRegistryClient({"url": url}).get_config()
    assert str(config.compatibility_level or config.compatibility).endswith("FULL_TRANSITIVE")


def _parcel(**fields: Any) -> type[Record]:
    """A contract of this test, with the fields of the moment: a type and a default, or ... for none."""
    return create_model("Parcel", __base__=Record, **{"weight": (int, ...), **fields})


def _register(monkeypatch: pytest.MonkeyPatch, url: str, topic: str, record: type[Record]) -> int:
    monkeypatch.setattr(module, "TOPICS", (Topic(topic, "SKU", (record,), "test", "A test's."),))
    [schema_id] = Registry(url).register_all().values()
    return schema_id


def test_a_breaking_change_is_refused_and_a_defaulted_field_is_not(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    topic = f"test.parcels{uuid.uuid4().hex[:8]}.v1"
    first = _register(monkeypatch, url, topic, _parcel())
    with pytest.raises(IncompatibleSchema, match=rf"{topic}-skustream.Parcel.*defaults only"):
        _register(monkeypatch, url, topic, _parcel(colour=(int, ...)))
    second = _register(monkeypatch, url, topic, _parcel(note=(str, "")))
    assert second != first
    with pytest.raises(IncompatibleSchema):
        _register(monkeypatch, url, topic, _parcel(weight=(str, ...)))


def test_an_id_that_nobody_registered_is_the_records_fault(url: str) -> None:
    with pytest.raises(UndecodableRecord, match="schema id 999999 is not in the registry"):
        Registry(url).schema_of(999_999)
    with pytest.raises(UndecodableRecord):
        Codec(Registry(url)).decode(b"\0" + (999_999).to_bytes(4, "big") + b"body")


def test_a_registry_that_is_away_is_not_the_records_fault(nowhere: str) -> None:
    for ask in (
        lambda: Registry(nowhere).register_all(),
        lambda: Registry(nowhere).id_of("StockReserved"),
        lambda: Registry(nowhere).schema_of(1),
        lambda: Codec(Registry(nowhere)).decode(b"\0\0\0\0\x01body"),
    ):
        with pytest.raises(SchemaUnavailable, match=f"registry {nowhere}"):
            ask()


def test_a_wrong_address_is_not_the_records_fault(url: str) -> None:
    wrong = url.replace("/apis/ccompat/", "/nothing/here/")
    with pytest.raises(SchemaUnavailable, match=f"registry {wrong}"):
        Codec(Registry(wrong)).decode(b"\0\0\0\0\x01body")
    with pytest.raises(SchemaUnavailable):
        Registry(wrong).register_all()


def test_ids_that_are_known_are_not_asked_for_again(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry(url)
    schema_id = registry.id_of("StockReserved")
    registry.schema_of(schema_id)
    monkeypatch.setattr(registry, "_client", None)
    assert registry.id_of("StockReserved") == schema_id
    assert registry.schema_of(schema_id)


def test_our_own_schemas_need_no_resolution_though_the_registry_words_them_its_way(url: str) -> None:
    """Resolution between two equal schemas would cost a multiple of the decode."""
    codec = Codec(Registry(url))
    for record, value in ALL:
        codec.decode(codec.encode(record.__name__, value))
    assert [name for name, _, own in codec._readers.values() if own is not None] == []


def test_every_example_comes_back_through_two_processes_of_their_own(url: str) -> None:
    writer, reader = Codec(Registry(url)), Codec(Registry(url))
    for record, value in ALL:
        assert reader.decode(writer.encode(record.__name__, value)) == (record.__name__, value)
