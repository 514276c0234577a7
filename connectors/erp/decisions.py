"""The pure part of the order writer: what a batch of decisions asks of the ERP, and what its answers mean."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import NAMESPACE_URL, uuid5

from connectors.erp.tryton.client import Imported, Order

Action = Literal["created", "cancelled"]
_NAMESPACE = uuid5(NAMESPACE_URL, "orders.deliveries.v1")


@dataclass(frozen=True, slots=True)
class Task:
    """One decision that concerns the ERP."""

    order_key: str
    action: Action
    order: Order | None
    cause_id: str
    decided_at: int
    """When the decision was put on its topic, milliseconds since 1970."""
    source: Any = None
    """The record it came from, for dead letters."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a task; ``refusal`` holds the ERP's own words when it said no for good."""

    task: Task
    reference: str = ""
    refusal: str = ""


def task_of(record: str, value: Mapping[str, Any], decided_at: int, source: Any = None) -> Task | None:
    """What a decision asks of the ERP; None when nothing.

    A rejected order is cancelled as well: the ERP then has nothing of it, or it was accepted before and must go.
    """
    key, cause = value["order_key"], value["event_id"]
    if record == "OrderAccepted":
        lines = [
            {"line_id": line["line_id"], "sku": line["sku"], "quantity": line["quantity"]}
            for line in value["lines"]
            if line["quantity"] > 0
        ]
        if not lines:
            return None
        return Task(key, "created", Order(key=key, lines=lines), cause, decided_at, source)  # type: ignore[typeddict-item]
    if record == "OrderRejected" or (record == "OrderCancelled" and value["was_accepted"]):
        return Task(key, "cancelled", None, cause, decided_at, source)
    return None


def steps(tasks: Iterable[Task]) -> list[tuple[Action, list[Task]]]:
    """One call each, in this order: all orders, then all cancellations.

    A key's decisions are in order within a partition and its acceptance never follows its cancellation, so this keeps
    the order of every key and makes at most two calls a batch.
    """
    listed = list(tasks)
    actions: tuple[Action, ...] = ("created", "cancelled")
    planned = [(action, [task for task in listed if task.action == action]) for action in actions]
    return [(action, some) for action, some in planned if some]


def imported(task: Task, answer: Imported) -> Outcome:
    """An order that is there already is as good as a new one: the answer to an earlier call was lost."""
    if answer["outcome"] == "refused":
        return Outcome(task, refusal=answer.get("error", "refused without a reason"))
    return Outcome(task, answer.get("reference", ""))


def cancelled(task: Task, answer: str) -> Outcome:
    """Too late is no success: people must fetch the goods back."""
    if answer == "shipped":
        return Outcome(task, refusal="the goods have left; the order needs a return")
    return Outcome(task)


def delivered(outcome: Outcome, erp: str, attempts: int, now: int) -> dict[str, Any]:
    """The OrderDelivered record; the same decision always gives the same event id. ``now``: ms since 1970."""
    task = outcome.task
    return {
        "event_id": str(uuid5(_NAMESPACE, f"{task.cause_id}:{task.action}")),
        "order_key": task.order_key,
        "action": task.action,
        "erp": erp,
        "erp_reference": outcome.reference,
        "attempts": attempts,
        "delay_ms": max(0, now - task.decided_at),
        "cause_id": task.cause_id,
        "occurred_at": now,
    }
