"""What the order writer asks of the ERP, and how it takes its answers."""

from collections.abc import Sequence

import pytest

from connectors.erp.decisions import Task, delivered, steps, task_of
from connectors.erp.delivery import Delivery
from connectors.erp.tryton.client import ErpBusy, ErpRefused, ErpUnavailable, Imported, Order

LINES = [{"line_id": "1", "sku": "TEA", "quantity": 2}, {"line_id": "2", "sku": "MUG", "quantity": 0}]


def a_task(key: str = "k1", action: str = "created") -> Task:
    order: Order | None = {"key": key, "lines": []} if action == "created" else None
    return Task(key, action, order, f"decision-{key}", 1_000)  # type: ignore[arg-type]


class Erp:
    """Answers as told to: a list of problems first, then success; a key that begins with bad is refused."""

    def __init__(self, *problems: Exception, down_for: int = 0) -> None:
        self.problems = list(problems)
        self.down_for = down_for
        self.calls: list[list[str]] = []

    def import_orders(self, orders: Sequence[Order]) -> dict[str, Imported]:
        keys = [order["key"] for order in orders]
        self.calls.append(keys)
        if self.problems:
            raise self.problems.pop(0)
        if any(key.startswith("spoils") for key in keys):
            raise ErpRefused("this order spoils the call")
        return {key: {"outcome": "refused", "error": "no such SKU"} if key.startswith("bad") else
                {"outcome": "created", "reference": key.upper()} for key in keys}  # fmt: skip

    def cancel_orders(self, keys: Sequence[str]) -> dict[str, str]:
        self.calls.append(list(keys))
        return {key: "shipped" if key.startswith("gone") else "cancelled" for key in keys}

    def ping(self) -> None:
        if self.down_for:
            self.down_for -= 1
            raise ErpUnavailable("connection refused")


def delivery(erp: Erp) -> tuple[Delivery, list[float]]:
    waits: list[float] = []
    return Delivery(erp, waits.append), waits


def test_an_accepted_order_is_imported_without_lines_that_nobody_wants() -> None:
    task = task_of("OrderAccepted", {"order_key": "k", "event_id": "e", "lines": LINES}, 5)
    assert task is not None
    assert task.order == {"key": "k", "lines": [{"line_id": "1", "sku": "TEA", "quantity": 2}]}


@pytest.mark.parametrize(
    ("record", "was_accepted", "is_cancelled"),
    [("OrderCancelled", True, True), ("OrderCancelled", False, False), ("OrderRejected", False, True)],
)
def test_only_what_the_erp_may_have_is_cancelled(record: str, was_accepted: bool, is_cancelled: bool) -> None:
    task = task_of(record, {"order_key": "k", "event_id": "e", "lines": LINES, "was_accepted": was_accepted}, 5)
    assert (task is not None) == is_cancelled


def test_a_completed_order_asks_for_nothing() -> None:
    assert task_of("OrderCompleted", {"order_key": "k", "event_id": "e"}, 5) is None


def test_orders_go_before_cancellations() -> None:
    tasks = [a_task("a"), a_task("b", "cancelled"), a_task("c")]
    assert [(action, [t.order_key for t in some]) for action, some in steps(tasks)] == [
        ("created", ["a", "c"]),
        ("cancelled", ["b"]),
    ]


def test_a_refused_order_does_not_hold_up_the_others() -> None:
    done = delivery(Erp())[0].deliver([a_task("bad"), a_task("good")])
    assert [(outcome.reference, outcome.refusal) for outcome, _ in done] == [("", "no such SKU"), ("GOOD", "")]


def test_an_order_that_spoils_the_call_is_found_and_refused() -> None:
    done = delivery(Erp())[0].deliver([a_task("a"), a_task("spoils"), a_task("c")])
    assert [outcome.refusal for outcome, _ in done] == ["", "this order spoils the call", ""]


def test_an_erp_that_is_away_is_waited_for() -> None:
    erp = Erp(ErpUnavailable("connection refused"), down_for=5)
    subject, waits = delivery(erp)
    done = subject.deliver([a_task("a")])
    assert [(outcome.reference, attempts) for outcome, attempts in done] == [("A", 2)]
    assert len(waits) == 5
    assert erp.calls == [["a"], ["a"]]


def test_a_lock_is_waited_for_far_longer_than_a_failure() -> None:
    locks = [ErpBusy("could not obtain lock")] * 20
    done = delivery(Erp(*locks))[0].deliver([a_task("a")])
    assert [(outcome.refusal, attempts) for outcome, attempts in done] == [("", 21)]


def test_a_call_that_fails_while_the_erp_lives_is_refused_in_the_end() -> None:
    failures = [ErpUnavailable("HTTP 500")] * 4
    done = delivery(Erp(*failures))[0].deliver([a_task("a")])
    assert [(outcome.refusal, attempts) for outcome, attempts in done] == [("HTTP 500", 4)]


def test_a_cancellation_that_comes_too_late_is_a_refusal() -> None:
    done = delivery(Erp())[0].deliver([a_task("gone", "cancelled"), a_task("k", "cancelled")])
    assert [bool(outcome.refusal) for outcome, _ in done] == [True, False]


def test_the_same_decision_is_reported_under_the_same_id_however_often_it_is_delivered() -> None:
    outcome, attempts = delivery(Erp())[0].deliver([a_task("a")])[0]
    first, second = (delivered(outcome, "tryton", attempts, now) for now in (2_000, 9_000))
    assert first["event_id"] == second["event_id"]
    assert (first["delay_ms"], second["delay_ms"]) == (1_000, 8_000)
