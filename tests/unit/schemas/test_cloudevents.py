"""The headers of a record."""

import pytest

from schemas.cloudevents import headers


@pytest.mark.parametrize(
    ("millis", "text"),
    [
        (0, b"1970-01-01T00:00:00.000Z"),
        (1_772_442_180_007, b"2026-03-02T09:03:00.007Z"),
        (999, b"1970-01-01T00:00:00.999Z"),
    ],
)
def test_time_is_told_to_the_millisecond(millis: int, text: bytes) -> None:
    assert dict(headers("skustream/stock", "StockLevel", "e1", "SKU-1", millis))["ce_time"] == text


def test_all_attributes_that_cloudevents_wants_are_there() -> None:
    expected = {
        "ce_specversion": b"1.0",
        "ce_source": b"skustream/stock",
        "ce_type": b"skustream.StockLevel",
        "ce_id": b"e1",
        "ce_subject": "SKU-Ä".encode(),
        "ce_time": b"1970-01-01T00:00:00.000Z",
    }
    told = dict(headers("skustream/stock", "StockLevel", "e1", "SKU-Ä", 0))
    assert {name: value for name, value in told.items() if name.startswith("ce_")} == expected
