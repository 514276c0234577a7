"""Alarms."""

from typing import Annotated, Literal

from schemas.events.base import Key, Millis, Record, Symbols, Text

Severity = Annotated[Literal["unknown", "info", "warning", "critical"], Symbols("Severity")]
AlertState = Annotated[Literal["unknown", "open", "closed"], Symbols("AlertState")]


class AlertRaised(Record):
    """An alarm opened or closed; ``kind`` and ``subject`` together are its identity."""

    event_id: Key
    kind: Key
    subject: Key
    state: AlertState
    severity: Severity
    summary: Text
    action: Text
    """What to do about it."""
    cause_id: Text
    occurred_at: Millis
