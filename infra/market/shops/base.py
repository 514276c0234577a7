"""STAND-IN: what every simulated shop has, whatever platform it speaks for."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from infra.market.shops.book import Book, Change, Order
from infra.market.shops.delivery import Habits, Sender, Webhook
from infra.market.shops.faults import Dice, Faults

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
NAMES = {Change.CANCELLED: "cancelled", Change.SHIPPED: "shipped"}


@dataclass(frozen=True)
class ShopConfig:
    """One shop to simulate."""

    platform: str
    shop: str
    secret: str
    token: str
    listings: Mapping[str, int]
    """SKU -> shown at the start."""

    @property
    def channel(self) -> str:
        """platform:shop"""
        return f"{self.platform}:{self.shop}"


@dataclass(frozen=True)
class Wiring:
    """Where webhooks go, and what decides about faults."""

    gateway: str
    """Base URL of the gateway."""
    seed: int
    faults: Faults
    first_id: int


class Dialect(Protocol):
    """What differs between platforms: bodies, headers and the admin API."""

    habits: Habits

    def webhooks(self, shop: "StandIn", order: Order, change: Change) -> list[Webhook]:
        """The webhooks that tell of a change."""
        ...

    def routes(self, shop: "StandIn") -> Sequence[tuple[str, str, Handler]]:
        """Method, path and handler of the admin API."""
        ...


class StandIn:
    """One simulated shop. Everything a shopper, a merchant or a drill does to it is a plain method, for one loop."""

    def __init__(self, config: ShopConfig, dialect: Dialect, wiring: Wiring) -> None:
        self.config = config
        self.channel = config.channel
        self.secret = config.secret
        self.book = Book(config.channel, wiring.first_id)
        self.dice = Dice(wiring.seed, config.channel, wiring.faults)
        url = f"{wiring.gateway.rstrip('/')}/webhooks/{config.platform}/{config.shop}"
        self.sender = Sender(config.channel, url, dialect.habits, self.dice)
        self.dialect = dialect
        for sku, shown in config.listings.items():
            self.book.list_article(sku, shown)
        self.book.listeners.append(self._on_change)
        self.on_ended: Callable[[str, str], None] | None = None
        """Called with the order key and ``cancelled`` or ``shipped`` when an order ends, whoever ended it."""

    def listings(self) -> Mapping[str, int]:
        """What it shows."""
        return self.book.listings()

    def place(self, lines: Sequence[tuple[str, int]], paid: bool = True) -> str | None:
        """Buy; the order key, or None when the shop shows too little of any line."""
        order = self.book.place(lines, paid)
        return None if order is None else self.key_of(order)

    def pay(self, order_key: str) -> bool:
        """Pay an order that was placed unpaid; False if it was paid or cancelled already."""
        return self.book.pay(self.id_of(order_key))

    def cancel(self, order_key: str, reason: str = "customer") -> bool:
        """Change one's mind; False when it is too late. The units are on sale again at once."""
        return self.book.cancel(self.id_of(order_key), reason)

    def ship(self, order_key: str, units: dict[int, int] | None = None) -> bool:
        """Mark as fulfilled: all of it, or so many units by line id; False when there is nothing to ship."""
        return self.book.ship(self.id_of(order_key), units)

    def rotate(self, secret: str) -> None:
        """Sign with another secret from now on; shops.json should list both for a while."""
        self.secret = secret

    def knows(self, order_key: str) -> bool:
        """Whether the order was placed here since this process began."""
        return self.id_of(order_key) in self.book.orders

    def key_of(self, order: Order) -> str:
        """The order key platform:shop:order."""
        return f"{self.channel}:{order.order_id}"

    def id_of(self, order_key: str) -> int:
        """The shop's own id of an order."""
        return int(order_key.rpartition(":")[2])

    def _on_change(self, book: Book, order: Order, change: Change) -> None:
        for webhook in self.dialect.webhooks(self, order, change):
            self.sender.tell(webhook)
        if self.on_ended is not None and change in NAMES:
            self.on_ended(self.key_of(order), NAMES[change])
