"""The right to work on some partitions from known positions, as one member of one generation of the group."""

from dataclasses import dataclass, field
from typing import Any

from faust.types import TP

from streams.runtime.claims import Tally
from streams.runtime.membership import Membership


@dataclass(eq=False)
class Lease:
    """Made anew at every assignment, resume, generation change and failure; never mended.

    ``committed``: the next offset to process, as the last transaction left it.
    ``fetched``: the next offset to fetch; ahead of ``committed`` while polls are in hand.
    """

    owner: str
    producer: Any
    membership: Membership
    committed: dict[TP, int]
    tallies: dict[TP, Tally]
    fetched: dict[TP, int] = field(default_factory=dict)
    alive: bool = True
    rewind: bool = True
    """Fetching has to start again at ``committed``."""

    def partitions(self) -> set[int]:
        """Partition numbers held."""
        return {tp.partition for tp in self.committed}


@dataclass(frozen=True, slots=True)
class Portion:
    """What a poll took from one partition: the records, and the range of the log that they cover.

    Control records and aborted data belong to the range without being records, so ranges join without holes.
    """

    tp: TP
    start: int
    records: Any
    end: int


@dataclass(eq=False, slots=True)
class Poll:
    """All that one fetch brought: committed in one transaction."""

    lease: Lease
    portions: list[Portion]

    def size(self) -> int:
        """Number of records."""
        return sum(len(portion.records) for portion in self.portions)
