"""The supervisor's control socket: one line of JSON asks, one line of JSON answers."""

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from infra.local.errors import PartError

_NAME = "control.sock"
Answer = Callable[[dict[str, object]], Awaitable[dict[str, object]]]


class NotRunning(PartError):
    """No supervisor answers in this home folder."""


@contextlib.contextmanager
def _short(home: Path) -> Iterator[str]:
    """A short name of the socket, since the kernel allows 107 characters and home folders may be deep."""
    folder = os.open(home, os.O_PATH)
    try:
        yield f"/proc/self/fd/{folder}/{_NAME}"
    finally:
        os.close(folder)


async def listen(home: Path, answer: Answer) -> asyncio.Server:
    """Serve requests until the server is closed; only the owner of the folder can connect."""
    (home / _NAME).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    with _short(home) as name:
        listener.bind(name)
    (home / _NAME).chmod(0o600)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = json.loads(await reader.readline())
            try:
                reply: dict[str, object] = {"ok": await answer(request)}
            except PartError as error:
                reply = {"error": str(error)}
            writer.write(json.dumps(reply).encode() + b"\n")
            await writer.drain()
        except ConnectionError:
            # whoever asked has gone; there is nobody to tell
            return
        finally:
            writer.close()

    return await asyncio.start_unix_server(handle, sock=listener)


def call(home: Path, verb: str, timeout: float = 30.0, **arguments: object) -> dict[str, Any]:
    """Ask the supervisor of a home folder; raises NotRunning, or PartError with its words."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout)
        try:
            with _short(home) as name:
                connection.connect(name)
            connection.sendall(json.dumps({"verb": verb, **arguments}).encode() + b"\n")
            line = connection.makefile("rb").readline()
        except (FileNotFoundError, ConnectionError) as error:
            raise NotRunning(f"no stack is running in {home}") from error
        except TimeoutError as error:
            raise PartError(f"the supervisor did not answer within {timeout:.0f} s") from error
    if not line:
        raise NotRunning(f"the stack in {home} has just ended")
    reply = json.loads(line)
    if "error" in reply:
        raise PartError(str(reply["error"]))
    return dict(reply["ok"])
