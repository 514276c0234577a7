"""The market's own small API: start a run, look at it. Loopback only; the demo and the drills use it."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict, Field

CONFLICT = 409


class RunWanted(BaseModel):
    """How a run is asked for."""

    model_config = ConfigDict(extra="forbid")

    orders: int = Field(ge=1, le=1_000_000)
    seed: int = 7
    per_second: float = Field(default=6.0, gt=0, le=10_000)


def make_app(start: Callable[[RunWanted], Awaitable[bool]], status: Callable[[], dict[str, Any]]) -> FastAPI:
    """The API over two functions of the market."""
    app = FastAPI(title="Skustream market (simulated)", docs_url=None, redoc_url=None)

    @app.get("/status")
    async def show() -> dict[str, Any]:
        return status()

    @app.post("/runs", status_code=202)
    async def run(wanted: RunWanted) -> dict[str, Any]:
        if not await start(wanted):
            raise HTTPException(CONFLICT, "a run is under way; wait until it is done")
        return status()

    return app
