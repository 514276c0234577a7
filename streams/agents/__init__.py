"""The agents, in one explicit tuple. Each is imported when it is built: a process runs only one of them."""

from schemas.codec import Codec
from streams.runtime import Agent, Unit
from streams.runtime.settings import Settings


def _codec(settings: Settings) -> Codec:
    from schemas.registry import Registry

    return Codec(Registry(settings.registry))


def _erp(settings: Settings) -> Unit:
    from streams.agents import erp

    return erp.unit(_codec(settings))


def _orders(settings: Settings) -> Unit:
    from streams.agents import orders

    return orders.unit(_codec(settings))


def _stock(settings: Settings) -> Unit:
    from streams.agents import stock

    return stock.unit(_codec(settings))


AGENTS: tuple[Agent, ...] = (Agent("erp", _erp), Agent("orders", _orders), Agent("stock", _stock))
