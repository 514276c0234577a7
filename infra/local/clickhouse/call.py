"""One HTTP request as ClickHouse means it: statement, data that follows it, database, settings, parameters."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from aiohttp import BodyPartReader, web

from infra.local.clickhouse.compression import Decompressor
from infra.local.clickhouse.engine import Context
from infra.local.clickhouse.errors import NOT_IMPLEMENTED, QUERY_IS_TOO_LARGE, READONLY, EngineError
from infra.local.clickhouse.sql import Insert, first_word, refuse_files_and_chains, split_insert

MAX_STATEMENT_BYTES = 16 * 1024 * 1024
_HEAD_BYTES = 64 * 1024

# parameters of the HTTP interface itself; every other one is an engine setting
_TRANSPORT = frozenset(
    {
        *("query", "database", "user", "password", "role", "default_format", "query_id", "quota_key", "readonly"),
        *("session_id", "session_timeout", "session_check", "close_session", "client_protocol_version", "stacktrace"),
        *("compress", "decompress", "enable_http_compression", "wait_end_of_query", "buffer_size"),
        *("send_progress_in_http_headers", "http_headers_progress_interval_ms"),
        "cancel_http_readonly_queries_on_client_close",
    }
)
# the engine's own readonly lets these through, since they change no data
_NEVER_READING = frozenset({"SYSTEM", "KILL"})


@dataclass(frozen=True)
class Call:
    """A parsed request. `insert` is set if rows follow as data, which `data` then yields in chunks."""

    statement: str
    insert: Insert | None
    data: AsyncIterator[bytes]
    context: Context


async def read_call(request: web.Request, may_write: bool) -> Call:
    """Parse a request; raises EngineError for what cannot be served."""
    arguments = dict(request.query)
    chunks = _body(request)
    if request.content_type == "multipart/form-data":
        arguments.update(await _form(request))
        chunks = _nothing()
    context = _context(arguments, request.headers, read_only=not may_write or request.method == "GET")
    if arguments.get("query"):
        return await _with_query(arguments["query"], chunks, context)
    return await _from_body(chunks, context)


async def _with_query(query: str, chunks: AsyncIterator[bytes], context: Context) -> Call:
    first = await anext(chunks, b"")
    if first_word(query) != "INSERT":
        # a server takes a statement that begins in the URL and goes on in the body
        rest = (await _all(first, chunks)).decode()
        return _plain(f"{query}\n{rest}" if rest else query, context)
    insert = split_insert(query)
    if insert is None or (insert.format == "Values" and not first):
        return _plain(query, context)
    refuse_files_and_chains(insert.statement)
    inline = query[insert.data_start :].encode()
    return Call(query, insert, _joined(inline, first, chunks), context)


async def _from_body(chunks: AsyncIterator[bytes], context: Context) -> Call:
    head = bytearray()
    async for chunk in chunks:
        head += chunk
        if len(head) >= _HEAD_BYTES:
            break
    text = head[:_HEAD_BYTES].decode("latin-1")
    insert = split_insert(text) if first_word(text) == "INSERT" else None
    if insert is None or insert.format == "Values":
        return _plain((await _all(bytes(head), chunks)).decode(), context)
    statement = insert.statement.encode("latin-1").decode()
    refuse_files_and_chains(statement)
    insert = Insert(statement, insert.format, insert.data_start)
    return Call(statement, insert, _joined(b"", bytes(head[insert.data_start :]), chunks), context)


def _plain(statement: str, context: Context) -> Call:
    refuse_files_and_chains(_without_values(statement))
    if context.read_only and first_word(statement) in _NEVER_READING:
        raise EngineError(READONLY, "Cannot execute query in readonly mode")
    return Call(statement, None, _nothing(), context)


def _without_values(statement: str) -> str:
    """The part of an INSERT before its VALUES, whose literals are anybody's text; any other statement whole."""
    if first_word(statement) != "INSERT":
        return statement
    insert = split_insert(statement)
    return statement if insert is None else insert.statement


def _context(arguments: Mapping[str, str], headers: Mapping[str, str], read_only: bool) -> Context:
    own = {name: value for name, value in arguments.items() if name not in _TRANSPORT}
    parameters = {name[6:]: value for name, value in own.items() if name.startswith("param_")}
    settings = {name: value for name, value in own.items() if not name.startswith("param_")}
    database = arguments.get("database") or headers.get("X-ClickHouse-Database")
    return Context(database, settings, parameters, read_only or arguments.get("readonly", "0") not in ("", "0"))


async def _form(request: web.Request) -> dict[str, str]:
    fields = {}
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise EngineError(NOT_IMPLEMENTED, "Only plain form fields are served")
        if part.name != "query" and not part.name.startswith("param_"):
            raise EngineError(NOT_IMPLEMENTED, f"External table {part.name!r}: external data is not served")
        fields[part.name] = (await part.read(decode=True)).decode()
    return fields


async def _body(request: web.Request) -> AsyncIterator[bytes]:
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    decompressor = Decompressor(encoding) if encoding not in ("", "identity") else None
    while chunk := await request.content.readany():
        plain = decompressor.feed(chunk) if decompressor else chunk
        if plain:
            yield plain
    if decompressor:
        decompressor.end()


async def _all(head: bytes, chunks: AsyncIterator[bytes]) -> bytes:
    whole = bytearray(head)
    async for chunk in chunks:
        whole += chunk
        if len(whole) > MAX_STATEMENT_BYTES:
            raise EngineError(QUERY_IS_TOO_LARGE, f"A statement may have {MAX_STATEMENT_BYTES} bytes at most")
    return bytes(whole)


async def _joined(inline: bytes, first: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    for known in (inline, first):
        if known:
            yield known
    async for chunk in chunks:
        yield chunk


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""
