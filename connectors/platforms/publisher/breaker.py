"""When a shop does not answer: longer and longer pauses with jitter, and one alarm when it starts and ends."""

import random
from dataclasses import dataclass

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 15.0
OPENS_AFTER = 3


@dataclass
class Breaker:
    """Counts failures in a row; open from the third on. The next call after a pause is the trial."""

    failures: int = 0

    @property
    def is_open(self) -> bool:
        """Whether the shop counts as away."""
        return self.failures >= OPENS_AFTER

    def failed(self) -> float:
        """Note a failure; the seconds to pause."""
        self.failures += 1
        pause: float = min(FIRST_PAUSE_S * 2 ** (self.failures - 1), LONGEST_PAUSE_S)
        return pause * random.uniform(0.5, 1.0)

    def succeeded(self) -> bool:
        """Note an answer; True if that closed the breaker."""
        was_open, self.failures = self.is_open, 0
        return was_open
