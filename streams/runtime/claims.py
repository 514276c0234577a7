"""The note kept with every committed offset: who committed it, and how many records failed lately.

The note lets the next owner of the partition shut out the last one at once, instead of waiting until the broker gives
up on its open transaction; and it carries the count of failures over a restart.
"""

import json
from dataclasses import asdict, dataclass

WINDOW = 1000
"""Records over which the part of failures is taken; older ones weigh half."""


@dataclass
class Tally:
    """Failures of one partition of one input."""

    seen: int = 0
    failed: int = 0
    streak: int = 0

    def good(self, records: int = 1) -> None:
        """So many records in a row were handled."""
        self.seen += records
        self.streak = 0
        self._age()

    def bad(self) -> None:
        """One record was dead-lettered."""
        self.seen += 1
        self.failed += 1
        self.streak += 1
        self._age()

    def _age(self) -> None:
        while self.seen >= 2 * WINDOW:
            self.seen //= 2
            self.failed //= 2


@dataclass(frozen=True)
class Claim:
    """The note's content. Failures of another version of the program do not count against this one."""

    owner: str = ""
    version: str = ""
    tally: Tally | None = None

    def encode(self) -> str:
        """Compact JSON, far below the broker's limit of 4,096 bytes."""
        tally = asdict(self.tally) if self.tally and self.tally.failed else None
        return json.dumps({"owner": self.owner, "version": self.version, "tally": tally}, separators=(",", ":"))

    @classmethod
    def decode(cls, text: str | None) -> "Claim":
        """A note by somebody else (an operator's tool that reset offsets) counts as none."""
        try:
            found = json.loads(text or "{}")
            tally = found.get("tally")
            return cls(str(found.get("owner", "")), str(found.get("version", "")), Tally(**tally) if tally else None)
        except (ValueError, TypeError, AttributeError):
            return cls()
