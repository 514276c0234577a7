"""What can go wrong, by what happens next; and the exit codes of a worker."""

import enum


class Exit(enum.IntEnum):
    """How a worker ends. The supervisor restarts all of them with back-off; CONFIG and DEAD_LETTERS need a person."""

    UNAVAILABLE = 69
    """Broker or registry cannot be reached, or stayed away for too long."""
    SOFTWARE = 70
    """An exception that nobody foresaw."""
    FENCED = 75
    """Another process owns these partitions now."""
    STUCK = 76
    """The same place failed too often."""
    STALLED = 77
    """The process was paused, or stopped making progress."""
    CONFIG = 78
    """A setting or a topic is missing or wrong."""
    DEAD_LETTERS = 79
    """Too many records fail: most likely the code is at fault, not the records."""
    RECORDS_LOST = 80
    """The input lost records that were never processed."""


class Unavailable(Exception):
    """Something outside is away (registry, broker): not the record's fault. The batch is aborted and tried again."""


class RecordError(Exception):
    """This record cannot be handled, now or later; ``stage`` says where (decode, validate, map, apply)."""

    def __init__(self, message: str, stage: str = "apply") -> None:
        super().__init__(message)
        self.stage = stage


class Superseded(Exception):
    """The group moved on while we worked: what we hold is void, and a new assignment is on its way."""


class Fenced(Exception):
    """A newer owner of our partitions, or of our name in the group, has shut us out."""


class Unpublishable(Exception):
    """The broker refuses what was sent, and would again: a record too large for its topic."""


class StateDamaged(Exception):
    """A row in the local store cannot be read; the store is thrown away and rebuilt from the changelog."""

    def __init__(self, table: str, partition: int, cause: Exception) -> None:
        super().__init__(f"table {table}, partition {partition}: {cause!r}")
        self.table, self.partition = table, partition


class Stop(Exception):
    """The worker has to end with this exit code and these words."""

    def __init__(self, code: Exit, message: str) -> None:
        super().__init__(message)
        self.code = code
