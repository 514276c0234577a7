"""The market's own small API: start a run, look at it. Loopback only; the demo and the drills use it."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError


class RunWanted(BaseModel):
    """How a run is asked for."""

    model_config = ConfigDict(extra="forbid")

    orders: int = Field(ge=1, le=1_000_000)
    seed: int = 7
    per_second: float = Field(default=6.0, gt=0, le=10_000)


def make_app(
    start: Callable[[RunWanted], Awaitable[bool]],
    status: Callable[[], dict[str, Any]],
    keys: Callable[[], list[str]],
) -> web.Application:
    """The API over three functions of the market."""

    async def show(_: web.Request) -> web.Response:
        return web.json_response(status())

    async def list_keys(_: web.Request) -> web.Response:
        return web.json_response({"keys": keys()})

    async def run(request: web.Request) -> web.Response:
        try:
            wanted = RunWanted.model_validate_json(await request.read())
        except ValidationError as error:
            return web.json_response({"error": str(error)}, status=422)
        if not await start(wanted):
            return web.json_response({"error": "a run is under way; wait until it is done"}, status=409)
        return web.json_response(status(), status=202)

    app = web.Application()
    app.router.add_get("/status", show)
    app.router.add_get("/keys", list_keys)
    app.router.add_post("/runs", run)
    return app


async def listen(app: web.Application, port: int) -> web.AppRunner:
    """Serve on loopback; clean up the runner at the end."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner
