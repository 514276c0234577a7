"""The live table of starting parts: Rich on a terminal, plain lines elsewhere, always on stderr."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.cli.output import say

if TYPE_CHECKING:
    from rich.table import Table

    from infra.local.stack import OnStatus

_STYLES = {"ready": "green", "failing": "bold red", "restarting": "yellow", "downloading": "cyan", "starting": "blue"}


@contextlib.contextmanager
def watch(home: Path) -> "Iterator[OnStatus]":
    """A function that shows each status it is given; the table stays on the screen at the end."""
    plain = (
        not sys.stderr.isatty()
        or os.environ.get("NO_COLOR")
        or os.environ.get("TERM") == "dumb"
        or os.environ.get("CI")
    )
    if plain:
        yield _plain(home)
        return
    from rich.console import Console
    from rich.live import Live

    with Live(console=Console(stderr=True), refresh_per_second=8) as live:
        yield lambda status: live.update(table(status))


def _plain(home: Path) -> "OnStatus":
    seen: dict[str, str] = {}
    say(f"Starting in {home}; logs are in {home / 'logs'}.")

    def show(status: dict[str, Any]) -> None:
        for name, part in status["parts"].items():
            if seen.get(name) != part["state"] and part["state"] != "waiting":
                say(f"{status['seconds']:6.1f} s  {name}: {part['state']}{_megabytes(part)}")
            seen[name] = part["state"]

    return show


def table(status: dict[str, Any]) -> "Table":
    """One row per part: state, megabytes, seconds."""
    from rich.table import Table

    rows = Table(
        "part", "state", "download", "seconds", title=f"Skustream, {status['seconds']:.0f} s", title_justify="left"
    )
    for name, part in status["parts"].items():
        style = _STYLES.get(part["state"], "dim")
        seconds = sum(value for phase, value in part["seconds"].items() if phase != "waiting")
        rows.add_row(
            name, f"[{style}]{part['state']}[/]", _megabytes(part).strip(" ()"), f"{seconds:.1f}" if seconds else ""
        )
    return rows


def _megabytes(part: dict[str, Any]) -> str:
    if not part["bytes_total"]:
        return ""
    return f" ({part['bytes_done'] / 1e6:.0f} of {part['bytes_total'] / 1e6:.0f} MB)"
