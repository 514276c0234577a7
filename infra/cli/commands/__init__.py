"""One file per command; the tuples list them. A command imports what is slow only when it runs."""

from collections.abc import Callable

from infra.cli.commands import demo, doctor, down, logs, status, stock, up, version

Command = Callable[..., int | None]

COMMANDS: tuple[tuple[str, Command], ...] = (
    ("up", up.up),
    ("demo", demo.demo),
    ("down", down.down),
    ("status", status.status),
    ("logs", logs.logs),
    ("doctor", doctor.doctor),
    ("version", version.version),
)

GROUPS: tuple[tuple[str, str, tuple[tuple[str, Command], ...]], ...] = (
    ("stock", "Ask about the stock of one SKU.", (("get", stock.get), ("why", stock.why))),
)
