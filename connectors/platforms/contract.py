"""What a platform is to Skustream: one object for what it tells us, one client per shop for what we tell it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

import httpx

from schemas.wire import OrderChanged


class Lifecycle(StrEnum):
    """The common life of an order; each platform declares which of its words means which of these."""

    CREATED = "created"
    PAID = "paid"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    COMPLETED = "completed"
    HELD = "held"
    CANCEL_REQUESTED = "cancel_requested"
    CANCELLED_UNPAID = "cancelled_unpaid"
    CANCELLED_PAID = "cancelled_paid"
    REFUND_REQUESTED = "refund_requested"
    REFUNDED = "refunded"
    RETURN_IN_TRANSIT = "return_in_transit"
    RETURNED = "returned"


CANCELLED = frozenset({Lifecycle.CANCELLED_UNPAID, Lifecycle.CANCELLED_PAID})

# Delivery problems
# └── ParseError        the delivery is signed, but cannot become an order
#     ├── Malformed     not JSON at all
#     ├── Invalid       a field is missing or of the wrong type
#     └── UnknownStatus a word that the status table does not have: quarantined, never guessed
# Problems of a call to a shop
# └── CallFailed
#     ├── Throttled     too many calls; says how long to wait
#     ├── Unavailable   may work later (5xx, timeout, no connection)
#     └── Refused       will not work by trying again


class ParseError(Exception):
    """A signed delivery that cannot become an order; ``field`` is the path in the body, such as line_items.0.sku."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}" if field else problem)
        self.field = field
        self.problem = problem


class Malformed(ParseError):
    """The body is not JSON."""


class Invalid(ParseError):
    """A field is missing, of the wrong type or out of range."""


class UnknownStatus(ParseError):
    """The status is not in the platform's declared table."""


class CallFailed(Exception):
    """A call to a shop did not do what it should."""


class Throttled(CallFailed):
    """The shop asks to be called less often; ``retry_after`` in seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"throttled for {retry_after:.1f} s")
        self.retry_after = retry_after


class Unavailable(CallFailed):
    """No answer, or a 5xx: may work later."""


class Refused(CallFailed):
    """The shop has understood and will not do it: trying again does not help."""


@dataclass(frozen=True, slots=True)
class Shop:
    """One shop of shops.json. ``url`` is the base that the platform's paths are appended to."""

    platform: str
    shop: str
    secrets: tuple[str, ...] = field(repr=False)
    url: str
    token: str = field(repr=False)

    @property
    def channel(self) -> str:
        """``platform:shop``, the name under which stock is sold."""
        return f"{self.platform}:{self.shop}"


@dataclass(frozen=True, slots=True)
class Limits:
    """What the platform allows and promises, as documented."""

    calls_per_second: float
    burst: int
    levels_per_call: int
    answer_within_s: float
    """How long the platform waits for our answer to a webhook."""
    webhook_retries: int
    """How often it sends a webhook again; 0 means that only the backfill finds a lost one."""


@dataclass(frozen=True, slots=True)
class SignatureVerdict:
    """Whether a delivery is the platform's own; ``reason`` is empty when it is."""

    accepted: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a delivery says of itself before its body is trusted."""

    delivery_id: str
    kind: str
    """The platform's name for it, such as orders/create."""
    claimed_shop: str = ""
    """The shop that the headers name; empty where the platform names none."""


@dataclass(frozen=True, slots=True)
class Told:
    """How an order came to us: goes into the record."""

    shop: Shop
    received_at: int
    """Milliseconds since 1970."""
    found_by: Literal["webhook", "queue", "backfill"] = "webhook"


@dataclass(frozen=True, slots=True)
class Fetched:
    """An order as the shop's list has it, in the form that ``Platform.parse`` reads."""

    delivery: Delivery
    body: bytes


@dataclass(frozen=True, slots=True)
class Listing:
    """What a shop shows for a SKU. ``handle`` is the platform's own id of it, as its write call wants it."""

    sku: str
    handle: str
    shown: int


@dataclass(frozen=True, slots=True)
class Push:
    """A quantity to set. ``expected`` is what the shop is believed to show; compared where the platform offers it."""

    listing: Listing
    quantity: int
    expected: int


@dataclass(frozen=True, slots=True)
class Pushed:
    """The shop's answer to one push: ``conflict`` when it shows something other than expected."""

    push: Push
    outcome: Literal["accepted", "conflict", "clamped", "refused"]
    shown: int
    """What it shows now; for a conflict unknown until read, then the old belief."""
    reason: str = ""


class Cancelled(StrEnum):
    """What a cancellation did at the shop."""

    ALREADY = "already"
    RESTOCKED = "restocked"
    """The shop has put the units on sale again."""
    KEPT = "kept"
    """The shop shows no more than before."""


class Caller(Protocol):
    """Sends requests to one shop at the rate that its platform allows."""

    async def reserve(self, calls: int) -> None:
        """Wait until so many calls may go one after the other without waiting."""
        ...

    async def send(self, request: httpx.Request) -> httpx.Response:
        """The answer, which is a good one. Raises Throttled, Unavailable or Refused."""
        ...


class ShopClient(Protocol):
    """Calls to one shop. Every method raises CallFailed (Throttled, Unavailable, Refused)."""

    async def reserve(self, calls: int) -> None:
        """Wait for the rate limit now, so that a look and the write after it follow each other at once."""
        ...

    def fetch_orders(self, since: int, until: int) -> AsyncIterator[list[Fetched]]:
        """Pages of the orders changed in [since, until], oldest change first; both in milliseconds since 1970."""
        ...

    async def fetch_listings(self, skus: Sequence[str] = ()) -> dict[str, Listing]:
        """What the shop shows, by SKU; all of it when no SKUs are given."""
        ...

    async def publish(self, pushes: Sequence[Push], key: str) -> list[Pushed]:
        """Set absolute quantities, at most ``limits.levels_per_call``. ``key`` makes a repeated call harmless."""
        ...

    async def cancel(self, order: str, reason: str, restock: bool) -> Cancelled:
        """Cancel an order at the shop. Without ``restock`` its units do not go back on sale, where that is offered."""
        ...

    async def confirm(self, order: str) -> bool:
        """Tell the shop that the order is accepted; False where the platform has no such thing."""
        ...


class Platform(Protocol):
    """One platform: pure functions over what it sends, its declared facts, and the way to a client."""

    name: str
    limits: Limits
    statuses: Mapping[str, Lifecycle]
    compares: bool
    """Whether its stock call has compare-and-swap."""

    def verify(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> SignatureVerdict:
        """Check the signature over the raw body against every secret in force, in constant time."""
        ...

    def describe(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """Id and kind of a delivery; never fails, whatever was sent."""
        ...

    def parse(self, delivery: Delivery, body: bytes, told: Told) -> list[OrderChanged]:
        """The orders in a signed delivery; empty when its kind does not concern orders. Raises ParseError."""
        ...

    def client(self, shop: Shop, caller: Caller) -> ShopClient:
        """A client for the shop's own API; every call goes through the caller, which keeps the rate."""
        ...
