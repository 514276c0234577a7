"""What a worker counts. Plain numbers, read by the log line every ten seconds and by tests."""

from dataclasses import asdict, dataclass


@dataclass
class Metrics:
    """Totals since the start; seconds where a name says so."""

    records: int = 0
    polls: int = 0
    transactions: int = 0
    aborted: int = 0
    dead_letters: int = 0
    outputs: int = 0
    changelog_records: int = 0
    caught_up: int = 0
    leases: int = 0
    dropped_polls: int = 0
    holes: int = 0
    handler_seconds: float = 0.0
    commit_seconds: float = 0.0
    store_seconds: float = 0.0
    lease_seconds: float = 0.0

    def snapshot(self) -> dict[str, float]:
        """All of them, rounded for a log line."""
        return {name: round(value, 3) for name, value in asdict(self).items() if value}
