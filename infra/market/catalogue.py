"""The goods that the ERP starts with: ``python -m infra.market.catalogue FILE`` writes them for the ERP's template."""

import json
import sys
from collections import Counter
from functools import cache
from math import ceil
from pathlib import Path
from typing import TypedDict

from infra.market.baskets import demand

STOCKED_ORDERS = 120
"""The first stock is what so many average orders take: less than a run sells, so that things run short."""
MAIN, SECOND = "A1", "B1"
SECOND_SHARE = 0.3


class Goods(TypedDict):
    """One product as the ERP's template takes it; the price in currency units, stock in units by location code."""

    sku: str
    name: str
    price: str
    stock: dict[str, int]


@cache
def units_per_order() -> dict[str, float]:
    """Units of each SKU in an average order."""
    source = demand()
    units: Counter[str] = Counter()
    for basket in source.baskets:
        for sku, quantity in basket:
            units[sku] += quantity
    return {article.sku: units[article.sku] / len(source.baskets) for article in source.catalogue}


def goods() -> list[Goods]:
    """Every product with its first stock; the same for every seed, so that the ERP's template is made once."""
    wanted = units_per_order()
    listed: list[Goods] = []
    for article in demand().catalogue:
        units = ceil(wanted[article.sku] * STOCKED_ORDERS) + 1
        second = int(units * SECOND_SHARE)
        listed.append(
            {
                "sku": article.sku,
                "name": article.name,
                "price": f"{article.price / 100:.2f}",
                "stock": {MAIN: units - second, SECOND: second},
            }
        )
    return listed


def skus(path: Path) -> tuple[str, ...]:
    """The SKUs of a written catalogue: what the shops list, without reading a year of baskets for it."""
    return tuple(item["sku"] for item in json.loads(path.read_text("utf-8")))


def write(path: Path) -> None:
    """Write the goods as JSON."""
    path.write_text(json.dumps(goods(), indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
