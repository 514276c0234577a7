"""How Faust gets a poll to the agent: as it is, since there is nothing to decode one by one."""

from collections.abc import Awaitable, Callable
from typing import Any

import faust
from faust.types import AppT, EventT, Message


class PollSchema(faust.Schema[Any, Any]):
    """The message's value is a Poll already."""

    def compile(self, app: AppT, **_: Any) -> Callable[..., Awaitable[EventT[Any]]]:
        """Called by Faust once for each channel."""
        create_event = app.create_event

        async def decode(message: Message, *, propagate: bool = False) -> EventT[Any]:
            return create_event(None, message.value, None, message)

        return decode
