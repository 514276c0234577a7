"""Delivering a batch to the ERP: retries with jitter, a breaker, and finding the one order that spoils a call."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential_jitter

from connectors.erp.decisions import Action, Outcome, Task, cancelled, imported, steps
from connectors.erp.tryton.client import ErpBusy, ErpRefused, ErpUnavailable, Imported, Order

log = structlog.get_logger()
SPOILED_AFTER = 4
"""Failures of one call while the ERP answers others; then the call itself is at fault."""
BUSY_AFTER = 60
"""The same for a lock that somebody holds, with pauses of up to 2 s: about two minutes."""
SAY_EVERY_S = 10.0


class OrderApi(Protocol):
    """What the writer needs of an ERP."""

    def import_orders(self, orders: Sequence[Order]) -> dict[str, Imported]:
        """Create each order once."""

    def cancel_orders(self, keys: Sequence[str]) -> dict[str, str]:
        """Cancel at any state, also before the order comes."""

    def ping(self) -> None:
        """Raise ErpUnavailable unless it answers."""


@dataclass
class Breaker:
    """Closed while the ERP answers; once open, only a cheap question is asked until it answers again."""

    ping: Callable[[], None]
    wait: Callable[[float], None]
    """Sleeps so many seconds; may raise to end the waiting."""
    opened_at: float | None = None
    said_at: float = field(default=0.0)

    def hold(self, problem: ErpUnavailable) -> float:
        """Return when the ERP answers; the seconds it was away, 0.0 when it never was."""
        retrying = Retrying(
            retry=retry_if_exception_type(ErpUnavailable),
            wait=wait_exponential_jitter(initial=0.2, max=5.0, jitter=0.5),
            sleep=self.wait,
            before_sleep=self._say,
            reraise=True,
        )
        try:
            self.ping()
        except ErpUnavailable:
            self.opened_at = time.monotonic()
            self.said_at = self.opened_at
            log.warning("the ERP is away: orders wait in Kafka", problem=str(problem))
        else:
            return 0.0
        retrying(self.ping)
        away = time.monotonic() - self.opened_at
        log.info("the ERP is back", seconds=round(away, 1))
        self.opened_at = None
        return away

    def _say(self, state: RetryCallState) -> None:
        now = time.monotonic()
        if now - self.said_at >= SAY_EVERY_S:
            self.said_at = now
            log.warning(
                "the ERP is still away", attempts=state.attempt_number, seconds=round(now - (self.opened_at or now))
            )


class Delivery:
    """Brings tasks into the ERP, each in the end either done or refused with the ERP's words."""

    def __init__(self, erp: OrderApi, wait: Callable[[float], None]) -> None:
        """``wait(seconds)`` sleeps; it may raise to end a delivery that waits."""
        self._erp = erp
        self._wait = wait
        self._breaker = Breaker(erp.ping, wait)

    def deliver(self, tasks: Sequence[Task]) -> list[tuple[Outcome, int]]:
        """(outcome, attempts) of each. Raises ErpProtocolError when we are not let in: that is no order's fault."""
        done: list[tuple[Outcome, int]] = []
        for action, some in steps(tasks):
            done += self._deliver(action, some)
        return done

    def _deliver(self, action: Action, tasks: Sequence[Task]) -> list[tuple[Outcome, int]]:
        attempts, failures = 0, 0
        pauses = wait_exponential_jitter(initial=0.05, max=2.0, jitter=0.2)
        while True:
            attempts += 1
            try:
                return [(outcome, attempts) for outcome in self._call(action, tasks)]
            except ErpRefused as error:
                return self._split(action, tasks, str(error), attempts)
            except ErpUnavailable as error:
                if self._breaker.hold(error) == 0.0:
                    failures += 1
                if failures >= (BUSY_AFTER if isinstance(error, ErpBusy) else SPOILED_AFTER):
                    return self._split(action, tasks, str(error), attempts)
                self._wait(pauses(_state(failures)))

    def _split(self, action: Action, tasks: Sequence[Task], words: str, attempts: int) -> list[tuple[Outcome, int]]:
        if len(tasks) == 1:
            return [(Outcome(tasks[0], refusal=words), attempts)]
        log.warning("the ERP does not take these orders together: one by one", orders=len(tasks), problem=words)
        return [done for task in tasks for done in self._deliver(action, [task])]

    def _call(self, action: Action, tasks: Sequence[Task]) -> list[Outcome]:
        if action == "created":
            answers = self._erp.import_orders([task.order for task in tasks if task.order])
            return [imported(task, answers[task.order_key]) for task in tasks]
        outcomes = self._erp.cancel_orders([task.order_key for task in tasks])
        return [cancelled(task, outcomes[task.order_key]) for task in tasks]


def _state(failures: int) -> RetryCallState:
    """tenacity's waits take their attempt number from a state."""
    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = failures + 1
    return state
