"""`skustream logs`: what the parts print."""

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from infra.cli.output import CommandError, Exit, Json, emit

_POLL_SECONDS = 0.2


def logs(
    part: Annotated[str | None, typer.Argument(help="One part; default: all, one after the other.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on printing what is added.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many last lines.")] = 20,
    as_json: Json = False,
) -> None:
    """Print the last lines of the logs; works after `down` too."""
    from infra.local.paths import default_home
    from infra.local.runner import tail

    folder = default_home() / "logs"
    files = {file.stem: file for file in sorted(folder.glob("*.log")) if part in (None, file.stem)}
    if not files:
        raise CommandError(Exit.NOT_FOUND, f"no log of {part or 'any part'} in {folder}")
    if as_json and follow:
        raise typer.BadParameter("--json prints one document and cannot follow")
    found = {name: tail(file, lines) if lines else [] for name, file in files.items()}
    named = len(files) > 1

    def words() -> str:
        return "\n".join(f"{name:12} {line}" if named else line for name, rows in found.items() for line in rows)

    emit({"folder": str(folder), "logs": found}, as_json, words)
    if follow:
        _follow(files, named)


def _follow(files: dict[str, Path], named: bool) -> None:
    places = {name: file.stat().st_size for name, file in files.items()}
    while True:
        for name, file in files.items():
            with file.open("rb") as log:
                log.seek(places[name])
                text = log.read().rpartition(b"\n")[0]
            if text:
                places[name] += len(text) + 1
                for line in text.decode(errors="replace").splitlines():
                    sys.stdout.write(f"{name:12} {line}\n" if named else f"{line}\n")
                sys.stdout.flush()
        time.sleep(_POLL_SECONDS)
