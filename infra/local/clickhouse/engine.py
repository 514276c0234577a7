"""The engine in process: one engine for the life of the process, one fresh handle for each request."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import chdb

from infra.local.clickhouse.config import write_config
from infra.local.clickhouse.errors import EngineError, from_engine

# each chunk of these formats stands for itself, so that chunks may follow one another; others need one answer
STREAMABLE = frozenset({"Native", "TabSeparated", "TSV", "CSV", "RowBinary", "JSONEachRow"})


@dataclass(frozen=True)
class Answer:
    """Bytes of a result with what ClickHouse puts into X-ClickHouse-Summary."""

    body: bytes
    summary: dict[str, str]


@dataclass(frozen=True)
class Context:
    """What a request says beside its text: database, engine settings, query parameters, and whether it may write."""

    database: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    read_only: bool = False


class Engine:
    """The embedded engine at one folder. Only one process can own a folder; a second one gets an EngineError."""

    def __init__(self, folder: Path, memory_bytes: int) -> None:
        config = write_config(folder.resolve() / "config", memory_bytes)
        data = folder.resolve() / "data"
        data.mkdir(parents=True, exist_ok=True)
        self._address = f"{data}?verbose=0&config-file={quote(str(config))}"
        # the engine lives as long as one handle is open
        self._anchor = _connect(self._address)
        self.version = bytes(self._anchor.query("SELECT version()", "TSV").bytes()).decode().strip()

    def session(self, context: Context) -> "Session":
        """A handle of its own for one request: settings, database and temporary tables end with it."""
        return Session(_connect(self._address), context)

    def close(self) -> None:
        """End the engine; parts already written stay as they are."""
        self._anchor.close()


class Session:
    """One handle of the engine, set up from the request's context."""

    def __init__(self, handle: Any, context: Context) -> None:
        self._handle = handle
        try:
            self._prepare(context)
        except EngineError:
            handle.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the handle back; a stream that is still open is cancelled."""
        self._handle.close()

    def query(self, statement: str, default_format: str) -> Answer:
        """Run a statement to its end and return the whole result."""
        result = self._run(statement, default_format)
        return Answer(bytes(result.bytes() or b""), _read_summary(result))

    def stream(self, statement: str, default_format: str) -> Iterator[bytes]:
        """Chunks of a SELECT in one of the STREAMABLE formats, as the engine makes them."""
        try:
            for chunk in self._handle.send_query(statement, default_format):
                yield bytes(chunk.bytes())
        except RuntimeError as error:
            raise from_engine(str(error)) from None

    def insert(self, statement: str, data_format: str, chunks: Iterable[bytes]) -> Answer:
        """Insert data that arrives in chunks; nothing is committed if the chunks end with an exception."""
        try:
            with self._handle.send_insert(statement, data_format) as inserter:
                for chunk in chunks:
                    inserter.append(chunk)
                result = inserter.finish()
        except RuntimeError as error:
            raise from_engine(str(error)) from None
        nanoseconds = int(result.elapsed * 1e9)
        return Answer(b"", _summary(written=(result.rows_written, result.bytes_written), nanoseconds=nanoseconds))

    def _prepare(self, context: Context) -> None:
        settings = {**context.settings, **{f"param_{name}": value for name, value in context.parameters.items()}}
        if context.read_only:
            settings["readonly"] = "2"
        if context.database:
            self._run(f"USE {_quoted(context.database, '`')}", "TSV")
        if settings:
            pairs = (f"{_quoted(name, '`')} = {_quoted(value, chr(39))}" for name, value in settings.items())
            self._run(f"SET {', '.join(pairs)}", "TSV")

    def _run(self, statement: str, default_format: str) -> Any:
        try:
            return self._handle.query(statement, default_format)
        except RuntimeError as error:
            raise from_engine(str(error)) from None


def _connect(address: str) -> Any:
    try:
        return chdb.connect(address)
    except RuntimeError as error:
        raise from_engine(str(error)) from None


def _quoted(text: str, quote_sign: str) -> str:
    escaped = text.replace("\\", "\\\\").replace(quote_sign, "\\" + quote_sign)
    return f"{quote_sign}{escaped}{quote_sign}"


def _read_summary(result: Any) -> dict[str, str]:
    read = (result.storage_rows_read(), result.storage_bytes_read())
    written = (result.rows_written(), result.bytes_written())
    return _summary(read, written, result.rows_read(), int(result.elapsed() * 1e9))


def _summary(
    read: tuple[int, int] = (0, 0), written: tuple[int, int] = (0, 0), result_rows: int = 0, nanoseconds: int = 0
) -> dict[str, str]:
    return {
        "read_rows": str(read[0]),
        "read_bytes": str(read[1]),
        "written_rows": str(written[0]),
        "written_bytes": str(written[1]),
        "result_rows": str(result_rows),
        "elapsed_ns": str(nanoseconds),
    }
