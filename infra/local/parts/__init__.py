"""The parts of the embedded stack, one module each; the tuple PARTS lists them all."""

from infra.local.parts.clickhouse import ClickHouse
from infra.local.parts.connect import Connect
from infra.local.parts.connector import Connector
from infra.local.parts.contract import Part
from infra.local.parts.contracts import Schemas, Topics
from infra.local.parts.kafka import Kafka
from infra.local.parts.market import Market
from infra.local.parts.postgres import Postgres
from infra.local.parts.processes import KINDS, Process
from infra.local.parts.registry import Registry
from infra.local.parts.tryton import Tryton

PARTS: tuple[Part, ...] = (
    Kafka(),
    Registry(),
    Postgres(),
    ClickHouse(),
    Connect(),
    Tryton(),
    Topics(),
    Schemas(),
    Connector(),
    Market(),
    *(Process(kind) for kind in KINDS),
)


def closure(names: tuple[str, ...]) -> tuple[Part, ...]:
    """The named parts and all that they depend on, in the order of PARTS; all parts for no name.

    Raises KeyError with a name that is no part.
    """
    known = {part.name: part for part in PARTS}
    wanted: set[str] = set()
    stack = list(names or known)
    while stack:
        name = stack.pop()
        if name not in wanted:
            wanted.add(name)
            stack.extend(known[name].depends_on)
    return tuple(part for part in PARTS if part.name in wanted)
