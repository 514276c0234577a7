"""The order of events: the market opens, shoppers come, everything settles, the figures are taken."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx

from connectors.erp.tryton.client import Tryton
from infra.demo.figures import Figures, Reader
from infra.demo.market import Market

LOOK_SECONDS = 0.5
LISTED_SECONDS = 90.0
QUIET_LOOKS = 3
"""So many looks in a row must find nothing under way."""
Progress = Callable[[str, int, int], None]
"""Phase, done, of how many."""


class DemoFailed(RuntimeError):
    """The demo did not come to its end; the message says in which phase and what was missing."""


@dataclass(frozen=True)
class Wanted:
    """What the demo is to do; ``per_second`` shoppers on average."""

    orders: int = 200
    seed: int = 7
    per_second: float = 4.0
    settle_seconds: float = 180.0


def play(wanted: Wanted, env: Mapping[str, str], progress: Progress) -> Figures:
    """Run the market on a stack that is up. Raises DemoFailed."""
    market, reader = Market(env["SKUSTREAM_MARKET_PORT"]), Reader(env["SKUSTREAM_CLICKHOUSE_READ"])
    _listed(market, progress)
    began = time.monotonic()
    try:
        market.start(wanted.orders, wanted.seed, wanted.per_second)
    except httpx.HTTPError as error:
        raise DemoFailed(f"the market did not start a run: {error}") from error
    selling = _sold(market, wanted, progress)
    keys = market.keys()
    _settled(market, reader, keys, wanted, progress)
    with Tryton(env["SKUSTREAM_TRYTON"]) as erp:
        figures = reader.collect(keys, erp.stock_by_location())
    figures.listings_equal_stock = market.status()["listings_wrong"] == 0
    figures.seconds = round(time.monotonic() - began, 1)
    figures.events_per_s = round(figures.events / max(selling, 0.001), 1)
    return figures


def _listed(market: Market, progress: Progress) -> None:
    """The first levels of the ERP must have reached every shop."""
    deadline = time.monotonic() + LISTED_SECONDS
    while True:
        status = market.status()
        progress("goods listed in the shops", status["listed"], status["listings"])
        if status["listed"] >= status["listings"]:
            return
        if time.monotonic() > deadline:
            raise DemoFailed(
                f"only {status['listed']} of {status['listings']} listings were filled: see the log of publisher"
            )
        time.sleep(LOOK_SECONDS)


def _sold(market: Market, wanted: Wanted, progress: Progress) -> float:
    """Until the last shopper has gone; seconds."""
    began = time.monotonic()
    longest = began + 120 + 5 * wanted.orders / wanted.per_second
    while True:
        status = market.status()
        progress("orders placed in the shops", status["run"]["placed"], wanted.orders)
        if status["is_done"]:
            return time.monotonic() - began
        if time.monotonic() > longest:
            raise DemoFailed(f"the market placed {status['run']['placed']} orders and then no more")
        time.sleep(LOOK_SECONDS)


def _settled(market: Market, reader: Reader, keys: list[str], wanted: Wanted, progress: Progress) -> None:
    """Until every order has its end in ClickHouse and every shop shows what is there."""
    deadline = time.monotonic() + wanted.settle_seconds
    quiet = 0
    while quiet < QUIET_LOOKS:
        status, ends = market.status(), reader.ends(keys)
        ended = sum(ends.get(end, 0) for end in ("completed", "cancelled", "rejected"))
        progress("orders shipped or ended", ended, len(keys))
        is_quiet = ended == len(keys) and not status["open_orders"] and not status["listings_wrong"]
        quiet = quiet + 1 if is_quiet else 0
        if time.monotonic() > deadline:
            progress("not everything settled", ended, len(keys))
            return
        time.sleep(LOOK_SECONDS)
