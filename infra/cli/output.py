"""How every command speaks: one JSON document or words on stdout, all else on stderr, and the exit codes."""

import json
import sys
from collections.abc import Callable
from enum import IntEnum
from typing import Annotated, NoReturn

import typer


class Exit(IntEnum):
    """The exit codes of `skustream`."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    NOT_FOUND = 3
    FINDINGS = 5
    UNREACHABLE = 6
    INTERRUPTED = 130


EXIT_CODES = (
    "Exit codes: 0 ok, 1 failure, 2 wrong usage, 3 not found, 5 a check found something, "
    "6 a part cannot be reached, 130 interrupted."
)

Json = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document on stdout.")]


class CommandError(Exception):
    """A command ends with this exit code and message; `document` is added to the JSON form."""

    def __init__(self, code: Exit, message: str, document: dict[str, object] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.document = document or {}


def say(text: str) -> None:
    """A line for people, on stderr."""
    sys.stderr.write(f"{text}\n")


def emit(document: dict[str, object], as_json: bool, words: Callable[[], str]) -> None:
    """The result of a command: the document as JSON, or its words (made only when asked for)."""
    text = json.dumps({"schema_version": 1, **document}, default=str) if as_json else words()
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def fail(error: CommandError, as_json: bool) -> NoReturn:
    """End with the error: words on stderr, and in JSON form also the one document on stdout."""
    if as_json:
        emit({"error": {"code": int(error.code), "message": str(error)}, **error.document}, True, str)
    sys.stderr.write(f"skustream: {error}\n")
    raise SystemExit(int(error.code))
