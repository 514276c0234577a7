"""`skustream status`: what runs, since when, with how much memory."""

from typing import Any

import typer

from infra.cli.output import Exit, Json, emit


def status(as_json: Json = False) -> None:
    """Show all parts. Exit code 0: all are ready; 5: some are not; 3: no stack is running."""
    from infra.cli.running import here, status_of

    found = status_of(here())
    for part in found["parts"].values():
        part["memory_mb"] = memory_mb(part["pid"]) if part["pid"] else 0
    emit(found, as_json, lambda: words(found))
    if not found["ready"]:
        raise typer.Exit(int(Exit.FINDINGS))


def memory_mb(pid: int) -> int:
    """Memory of a process and its children in MB, pages shared among them counted once."""
    import psutil

    total = 0
    try:
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            total += process.memory_full_info().pss
    except psutil.Error:
        # it ended while we looked
        return total // 1_000_000
    return total // 1_000_000


def words(found: dict[str, Any]) -> str:
    """The table for people."""
    from io import StringIO

    from rich.console import Console
    from rich.table import Table

    rows = Table("part", "state", "port", "pid", "MB", "restarts", "note", box=None, pad_edge=False)
    for name, part in found["parts"].items():
        port, pid = part["ports"].get("main", ""), part["pid"] or ""
        rows.add_row(
            name,
            part["state"],
            str(port),
            str(pid),
            str(part["memory_mb"] or ""),
            str(part["restarts"] or ""),
            part["error"],
        )
    total = sum(part["memory_mb"] for part in found["parts"].values())
    text = StringIO()
    Console(file=text, width=140).print(rows)
    failing = [
        f"\n{name}: {part['log']}\n  " + "\n  ".join(part["last_lines"])
        for name, part in found["parts"].items()
        if part["last_lines"]
    ]
    return text.getvalue() + f"{total} MB in all. Home: {found['home']}" + "".join(failing)
