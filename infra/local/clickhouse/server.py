"""ClickHouse's HTTP interface over the engine in process: statements in, results in any format out."""

import asyncio
import json
import secrets
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import structlog
from aiohttp import web

from infra.local.clickhouse.access import Tokens
from infra.local.clickhouse.call import Call, read_call
from infra.local.clickhouse.compression import choose, compressor
from infra.local.clickhouse.engine import STREAMABLE, Answer, Engine
from infra.local.clickhouse.errors import SYNTAX_ERROR, EngineError
from infra.local.clickhouse.sql import gives_result, is_select, output_format

log = structlog.get_logger()

T = TypeVar("T")

THREADS = 32
SERVER_NAME = "ClickHouse engine (chdb) over HTTP"
_COMPRESS_FROM_BYTES = 4096
_CONTENT_TYPES = {
    "JSON": "application/json; charset=UTF-8",
    "JSONCompact": "application/json; charset=UTF-8",
    "JSONEachRow": "application/x-ndjson; charset=UTF-8",
    "TabSeparated": "text/tab-separated-values; charset=UTF-8",
    "CSV": "text/csv; charset=UTF-8",
    "CSVWithNames": "text/csv; charset=UTF-8; header=present",
}


class Server:
    """The aiohttp application; queries run side by side on a pool of threads."""

    def __init__(self, engine: Engine, tokens: Tokens) -> None:
        self._engine = engine
        self._tokens = tokens
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="engine")

    def application(self) -> web.Application:
        """The routes: `/` for statements, `/ping` for health."""
        application = web.Application()
        application.router.add_route("GET", "/ping", self._ping)
        application.router.add_route("*", "/", self._handle)
        return application

    def close(self) -> None:
        """Wait for running statements."""
        self._pool.shutdown(wait=True)

    async def _ping(self, request: web.Request) -> web.Response:
        return web.Response(text="Ok.\n")

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if request.method == "GET" and not request.query_string:
            return web.Response(text="Ok.\n")
        query_id = request.query.get("query_id") or str(uuid.uuid4())
        headers = {
            "X-ClickHouse-Query-Id": query_id,
            "X-ClickHouse-Timezone": "UTC",
            "X-ClickHouse-Server-Display-Name": SERVER_NAME,
        }
        try:
            may_write = self._tokens.may_write(request.headers, request.query)
            call = await read_call(request, may_write)
            return await self._answer(request, call, headers)
        except EngineError as error:
            log.info("statement_refused", query_id=query_id, code=error.code, message=error.text[:300])
            return _refusal(error, headers)
        except UnicodeDecodeError as error:
            return _refusal(EngineError(SYNTAX_ERROR, f"The statement is not UTF-8: {error}"), headers)

    async def _answer(self, request: web.Request, call: Call, headers: dict[str, str]) -> web.StreamResponse:
        if call.insert is not None:
            return _response(request, await self._run(self._insert, call, asyncio.get_running_loop()), headers)
        default = request.query.get("default_format") or request.headers.get("X-ClickHouse-Format") or "TabSeparated"
        format_name = output_format(call.statement) or default
        if gives_result(call.statement):
            headers["X-ClickHouse-Format"] = format_name
            headers["Content-Type"] = _CONTENT_TYPES.get(format_name, "application/octet-stream")
        whole = request.query.get("wait_end_of_query", "0") not in ("", "0")
        if not whole and format_name in STREAMABLE and is_select(call.statement):
            return await self._stream(request, call, default, headers)
        return _response(request, await self._run(self._query, call, default), headers)

    async def _run(self, function: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(function, *args))

    def _query(self, call: Call, default_format: str) -> Answer:
        with self._engine.session(call.context) as session:
            return session.query(call.statement, default_format)

    def _insert(self, call: Call, loop: asyncio.AbstractEventLoop) -> Answer:
        if call.insert is None:
            raise TypeError("a call without data is no insert")
        with self._engine.session(call.context) as session:
            return session.insert(call.insert.statement, call.insert.format, _pulled(call, loop))

    async def _stream(
        self, request: web.Request, call: Call, default: str, headers: dict[str, str]
    ) -> web.StreamResponse:
        session = await self._run(self._engine.session, call.context)
        try:
            chunks = session.stream(call.statement, default)
            # the first chunk before the headers: most errors show here and still get their proper status
            first = await self._run(next, chunks, None)
            return await self._send(request, first, chunks, headers)
        finally:
            await self._run(session.close)

    async def _send(
        self, request: web.Request, first: bytes | None, chunks: Iterator[bytes], headers: dict[str, str]
    ) -> web.StreamResponse:
        tag = secrets.token_hex(8)
        encoding = _encoding(request)
        squeeze = compressor(encoding) if encoding else None
        response = web.StreamResponse(headers={**headers, "X-ClickHouse-Exception-Tag": tag})
        if encoding:
            response.headers["Content-Encoding"] = encoding
        await response.prepare(request)
        chunk = first
        try:
            while chunk is not None:
                await response.write(squeeze.compress(chunk) if squeeze else chunk)
                chunk = await self._run(next, chunks, None)
        except EngineError as error:
            log.warning("stream_broken", code=error.code, message=error.text[:300])
            message = _late_refusal(error, tag)
            await response.write(squeeze.compress(message) if squeeze else message)
        if squeeze:
            await response.write(squeeze.flush())
        await response.write_eof()
        return response


def _pulled(call: Call, loop: asyncio.AbstractEventLoop) -> Iterator[bytes]:
    """The body's chunks for a thread: each is asked of the event loop, so the sender feels the engine's speed."""
    while (chunk := asyncio.run_coroutine_threadsafe(_next(call), loop).result()) is not None:
        yield chunk


async def _next(call: Call) -> bytes | None:
    return await anext(call.data, None)


def _encoding(request: web.Request) -> str | None:
    if request.query.get("enable_http_compression") == "0":
        return None
    return choose(request.headers.get("Accept-Encoding", ""))


def _response(request: web.Request, answer: Answer, headers: dict[str, str]) -> web.Response:
    body, encoding = answer.body, _encoding(request)
    headers["X-ClickHouse-Summary"] = json.dumps(answer.summary)
    if encoding and len(body) >= _COMPRESS_FROM_BYTES:
        squeeze = compressor(encoding)
        body = squeeze.compress(body) + squeeze.flush()
        headers["Content-Encoding"] = encoding
    return web.Response(body=body, headers=headers)


def _refusal(error: EngineError, headers: dict[str, str]) -> web.Response:
    code = {"X-ClickHouse-Exception-Code": str(error.code)}
    return web.Response(status=error.status, text=error.text + "\n", headers={**headers, **code})


def _late_refusal(error: EngineError, tag: str) -> bytes:
    """An error after the headers, in the frame that servers since 25.11 use."""
    text = error.text.encode() + b"\n"
    return b"\r\n__exception__\r\n%s\r\n%s%d %s\r\n__exception__\r\n" % (tag.encode(), text, len(text), tag.encode())
