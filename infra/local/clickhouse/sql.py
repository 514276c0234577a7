"""The little that the HTTP side must know of a statement: its kind, where inline data starts, its output format."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from infra.local.clickhouse.errors import ACCESS_DENIED, SYNTAX_ERROR, EngineError

_TOKEN = re.compile(
    r"""(?P<skip>\s+|--[^\n]*|\#[!\ ][^\n]*|/\*.*?\*/)
      | (?P<literal>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`\\]|\\.|``)*`|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
      | (?P<word>[A-Za-z_]\w*)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_CLIENT_FILES = re.compile(r"\b(?:OUT|IN)FILE\b", re.IGNORECASE)
_RESULTS = frozenset({"SELECT", "WITH", "FROM", "(", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS", "CHECK", "KILL"})
_SELECTS = frozenset({"SELECT", "WITH", "FROM", "("})


@dataclass(frozen=True)
class Token:
    """A word (upper case) or sign outside of literals and comments; `depth` counts open brackets."""

    text: str
    start: int
    end: int
    depth: int


def tokens(text: str) -> Iterator[Token]:
    """Words and signs of a statement, without white space, comments and the contents of literals."""
    depth = 0
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == "skip":
            continue
        sign = match.group().upper() if kind in ("word", "other") else "'"
        if sign in (")", "]", "}"):
            depth -= 1
        yield Token(sign, match.start(), match.end(), depth)
        if sign in ("(", "[", "{"):
            depth += 1


@dataclass(frozen=True)
class Insert:
    """An INSERT whose rows come as data: `statement` goes to the engine, data starts at byte `data_start`."""

    statement: str
    format: str
    data_start: int


def first_word(text: str) -> str:
    """The first word or sign, in upper case; empty for an empty statement."""
    return next((token.text for token in tokens(text)), "")


def gives_result(text: str) -> bool:
    """Whether the statement answers with rows, so that the answer names a format."""
    return first_word(text) in _RESULTS


def is_select(text: str) -> bool:
    """Whether the statement is a SELECT, which can be streamed and described."""
    return first_word(text) in _SELECTS


def refuse_files_and_chains(text: str) -> None:
    """Refuse what a server never does for a client: its own files, and several statements in one request.

    The engine in process would write INTO OUTFILE and read FROM INFILE with the rights of this process. The words are
    refused anywhere in the text, in literals too: a check that cannot be fooled is worth the rare false refusal.
    """
    if _CLIENT_FILES.search(text):
        raise EngineError(ACCESS_DENIED, "INTO OUTFILE and FROM INFILE are not served over HTTP")
    ended = False
    for token in tokens(text):
        if ended and token.text != ";":
            raise EngineError(SYNTAX_ERROR, "Multi-statements are not allowed")
        ended = ended or token.text == ";"


def split_insert(text: str) -> Insert | None:
    """Split an INSERT ... FORMAT X | VALUES from its data; None for INSERT ... SELECT.

    `text` may be bytes decoded as latin-1, so that `data_start` is a byte offset.
    """
    words = (token for token in tokens(text) if token.depth == 0)
    for token in words:
        if token.text in ("SELECT", "WITH", "WATCH"):
            return None
        if token.text == "VALUES":
            return Insert(text[: token.start], "Values", token.end)
        if token.text == "FORMAT":
            name = next(words, None)
            if name is None:
                raise EngineError(SYNTAX_ERROR, "Expected a format name after FORMAT")
            return Insert(text[: token.start], text[name.start : name.end], _data_start(text, name.end))
    return Insert(text, "Values", len(text))


def _data_start(text: str, position: int) -> int:
    """Skip blanks and one line end, as the server's parser does."""
    end = len(text)
    while position < end and text[position] in " \t\f":
        position += 1
    if position < end and text[position] == "\r":
        position += 1
    if position < end and text[position] == "\n":
        position += 1
    return position


def output_format(text: str) -> str | None:
    """The name in the statement's own trailing FORMAT clause, if it has one."""
    flat = [token for token in tokens(text) if token.depth == 0]
    while flat and flat[-1].text == ";":
        flat.pop()
    for place in range(len(flat) - 2, -1, -1):
        word, name = flat[place], flat[place + 1]
        if word.text == "FORMAT" and name.text[0].isalpha():
            after = flat[place + 2].text if place + 2 < len(flat) else ""
            if after in ("", "SETTINGS"):
                return text[name.start : name.end]
    return None
