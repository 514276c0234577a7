"""Tryton over JSON-RPC: one session, three kinds of failure, and the calls of our module `skustream.api`.

ErpError
├── ErpUnavailable   not reached, no answer in time, or busy: the outcome is unknown, ask again (calls may be repeated)
│   └── ErpBusy      a lock or a limit: nothing was done
├── ErpRefused       Tryton says no, in its own words; asking again changes nothing
└── ErpProtocolError an answer that this client does not understand, or a wrong password
"""

import base64
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NotRequired, Self, TypeVar
from urllib.parse import unquote, urlsplit

import httpx
from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict

_API = "model.skustream.api"
_BUSY = frozenset({408, 429, 503})


class ErpError(Exception):
    """Base of all that can go wrong between us and the ERP."""


class ErpUnavailable(ErpError):
    """The ERP was not reached, did not answer in time or is busy; whether it did what was asked is unknown."""


class ErpBusy(ErpUnavailable):
    """Somebody else holds what the call needs, or there is too much to do: nothing was done."""


class ErpRefused(ErpError):
    """The ERP refuses for good; the message is its own."""


class ErpProtocolError(ErpError):
    """The answer makes no sense, or we are not let in."""


class OrderLine(TypedDict):
    """One line of an order as `import_orders` takes it; quantity in whole sales units, above zero."""

    line_id: str
    sku: str
    quantity: int


class Order(TypedDict):
    """An order as `import_orders` takes it."""

    key: str
    lines: list[OrderLine]


class Imported(TypedDict):
    """What became of an order: created, exists, cancelled (its cancellation came first) or refused (see error)."""

    outcome: str
    reference: NotRequired[str]
    lines: NotRequired[dict[str, int]]
    error: NotRequired[str]


class Goods(TypedDict):
    """Units of a SKU at a location (its code, such as A1)."""

    sku: str
    location: str
    quantity: int


class OnHand(TypedDict):
    """A row of the ERP's own stock figure."""

    sku: str
    location: str
    on_hand: int


T = TypeVar("T")
_IMPORTED = TypeAdapter(dict[str, Imported])
_OUTCOMES = TypeAdapter(dict[str, str])
_STATES = TypeAdapter(dict[str, dict[str, Any]])
_NAMES = TypeAdapter(list[str])
_NAME = TypeAdapter(str)
_COUNT = TypeAdapter(int)
_ON_HAND = TypeAdapter(list[OnHand])


class Tryton:
    """Not thread-safe: one instance per thread. Every call may raise ErpUnavailable, ErpRefused, ErpProtocolError."""

    def __init__(self, url: str, timeout: float = 60.0) -> None:
        """``url``: ``http://USER:PASSWORD@HOST:PORT/DATABASE``; ``timeout`` in seconds for each call."""
        parts = urlsplit(url)
        if not (parts.hostname and parts.username and parts.password and parts.path.strip("/")):
            raise ValueError("the ERP's address must be http://USER:PASSWORD@HOST:PORT/DATABASE")
        self._user, self._password = unquote(parts.username), unquote(parts.password)
        port = f":{parts.port}" if parts.port else ""
        self._url = f"{parts.scheme}://{parts.hostname}{port}/{parts.path.strip('/')}/rpc/"
        self._http = httpx.Client(timeout=timeout, trust_env=False)
        self._ids = itertools.count(1)
        self._authorization: str | None = None
        self._context: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Drop the connections; the session ends by itself."""
        self._http.close()

    def ping(self) -> None:
        """A cheap question that needs server, database and session. Raises ErpUnavailable, ErpProtocolError."""
        self.call("model.res.user.get_preferences", True)

    def import_orders(self, orders: Sequence[Order]) -> dict[str, Imported]:
        """Create and process the orders in one transaction, each once: {order key: outcome}."""
        return self._api(_IMPORTED, "import_orders", list(orders))

    def cancel_orders(self, keys: Iterable[str]) -> dict[str, str]:
        """{order key: cancelled | noted (not there; a late import will not create it) | shipped (too late)}."""
        return self._api(_OUTCOMES, "cancel_orders", list(keys))

    def order_states(self, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
        """{order key: {state, shipment_state, shipped: {line id: units}}} of the orders that are there."""
        return self._api(_STATES, "order_states", list(keys))

    def orders_to_ship(self, limit: int) -> list[str]:
        """Keys of orders that wait to leave, oldest first."""
        return self._api(_NAMES, "orders_to_ship", limit)

    def ship_all(self, keys: Iterable[str]) -> dict[str, str]:
        """Assign, pick, pack and ship: {order key: done | waiting (goods are missing) | cancelled | missing}."""
        return self._api(_OUTCOMES, "ship_all", list(keys))

    def receive(self, goods: Sequence[Goods]) -> str:
        """Take goods from the supplier into their locations; the receipt's number."""
        return self._api(_NAME, "receive", list(goods))

    def count_stock(self, counts: Sequence[Goods]) -> list[str]:
        """A stocktake: what was found of each SKU at each location; the inventories' numbers."""
        return self._api(_NAMES, "count_stock", list(counts))

    def add_goods(self, items: Sequence[Mapping[str, Any]]) -> int:
        """New products ``{sku, name, price, stock: {location: units}}``; how many were not there yet."""
        return self._api(_COUNT, "add_goods", list(items))

    def stock_by_location(self) -> list[OnHand]:
        """The ERP's own figures, where they are not zero."""
        return self._api(_ON_HAND, "stock_by_location")

    def call(self, method: str, *arguments: Any) -> Any:
        """Any RPC of Tryton, such as ``model.product.product.search``; the user's context is added."""
        for attempt in (1, 2):
            if self._authorization is None:
                self._log_in()
            response = self._post(method, [*arguments, self._context], self._authorization)
            if response.status_code != httpx.codes.UNAUTHORIZED:
                return self._result(response)
            # the session is gone (a restart, a restored database): log in once more, then give up
            self._authorization = None
            if attempt == 2:
                break
        raise ErpProtocolError("Tryton does not accept the session it just gave")

    def _api(self, answer: TypeAdapter[T], name: str, *arguments: Any) -> T:
        result = self.call(f"{_API}.{name}", *arguments)
        try:
            return answer.validate_python(result)
        except ValidationError as error:
            raise ErpProtocolError(f"{name}: {error}") from error

    def _log_in(self) -> None:
        response = self._post("common.db.login", [self._user, {"password": self._password}], None)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            raise ErpProtocolError("Tryton refuses the user or the password")
        session = self._result(response)
        if not session:
            raise ErpProtocolError("Tryton refuses the user or the password")
        user_id, token = session[0], session[1]
        plain = f"{self._user}:{user_id}:{token}".encode()
        self._authorization = "Session " + base64.b64encode(plain).decode()
        preferences = self._result(self._post("model.res.user.get_preferences", [True, {}], self._authorization))
        self._context = {name: preferences[name] for name in ("company", "language") if name in preferences}

    def _post(self, method: str, params: list[Any], authorization: str | None) -> httpx.Response:
        headers = {"Authorization": authorization} if authorization else {}
        body = {"id": next(self._ids), "method": method, "params": params}
        try:
            response = self._http.post(self._url, json=body, headers=headers)
        except httpx.HTTPError as error:
            raise ErpUnavailable(f"{method}: {error or type(error).__name__}") from error
        if response.status_code in _BUSY:
            raise ErpBusy(f"{method}: HTTP {response.status_code}: {_text(response)}")
        if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise ErpUnavailable(f"{method}: HTTP {response.status_code}: {_text(response)}")
        return response

    def _result(self, response: httpx.Response) -> Any:
        if response.status_code != httpx.codes.OK:
            raise ErpProtocolError(f"HTTP {response.status_code}: {_text(response)}")
        try:
            answer = response.json()
        except ValueError as error:
            raise ErpProtocolError(f"not JSON: {_text(response)}") from error
        if refusal := answer.get("error"):
            raise ErpRefused(_words(refusal))
        return answer.get("result")


def _text(response: httpx.Response) -> str:
    """The words of an error page."""
    return " ".join(re.sub(r"<[^>]*>", " ", response.text).split())[:200]


def _words(error: Any) -> str:
    """Tryton's message out of ``[kind, [message, description, ...]]`` and its variations."""
    if isinstance(error, list) and len(error) > 1 and isinstance(error[1], list):
        # a warning comes with its own name before the message
        texts = error[1][1:3] if error[0] == "UserWarning" else error[1][:2]
        words = [str(part) for part in texts if part and not isinstance(part, list)]
        return " ".join(words) or str(error[0])
    if isinstance(error, list):
        return ": ".join(str(part) for part in error[:1])
    return str(error)
