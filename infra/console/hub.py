"""Live updates: each view is rendered once, however many watch it, and only what changed is sent.

There are no queues. A viewer holds a number, the state it has seen; whoever is slow or was away gets the difference
to now in one message. That is also how Last-Event-ID resumes.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import structlog
from fastapi.sse import format_sse_event

from infra.console.store import Changes

TICK_SECONDS = 0.5
SAMPLE_SECONDS = 2.0
PING_SECONDS = 15.0
FORGET_SECONDS = 60.0
Fragments = dict[str, str]


@dataclass(frozen=True)
class View:
    """What a stream shows: how to render its fragments (element id -> HTML), and which changes concern it."""

    key: str
    build: Callable[[], Fragments]
    concerns: Callable[[Changes], bool]


@dataclass
class Channel:
    """One view being watched."""

    view: View
    number: int = 0
    fragments: dict[str, tuple[int, str]] = field(default_factory=dict)
    watchers: int = 0
    used_at: float = field(default_factory=time.monotonic)
    built_at: float = 0.0
    messages: dict[int, bytes] = field(default_factory=dict)

    def update(self, rendered: Fragments) -> bool:
        """Take a new rendering; true when anything in it is new."""
        self.built_at = time.monotonic()
        new = {name: html for name, html in rendered.items() if self.fragments.get(name, (0, None))[1] != html}
        if not new:
            return False
        self.number += 1
        self.fragments.update({name: (self.number, html) for name, html in new.items()})
        self.messages.clear()
        return True

    def since(self, seen: int, epoch: str) -> bytes:
        """One message with every fragment that changed after `seen`; the same bytes for all who have seen the same."""
        made = self.messages.get(seen)
        if made is None:
            parts = [
                f'<hx-partial hx-target="#{name}" hx-swap="innerMorph">{html}</hx-partial>'
                for name, (number, html) in self.fragments.items()
                if number > seen
            ]
            made = format_sse_event(data_str="".join(parts), id=f"{epoch}.{self.number}") if parts else b""
            self.messages[seen] = made
        return made


class Hub:
    """All channels and the one task that renders them. It sleeps while nobody watches."""

    def __init__(self, changes: Callable[[], Changes], sample: Callable[[], str]) -> None:
        self._take_changes, self._sample = changes, sample
        self._channels: dict[str, Channel] = {}
        self._watched = asyncio.Event()
        self._is_closing = False
        self._tick = asyncio.Event()
        self.epoch = secrets.token_hex(4)
        """Names this process in event ids: a number of another process means nothing here."""
        self._point, self._points = b"", 0

    @property
    def watchers(self) -> int:
        """Open streams."""
        return sum(channel.watchers for channel in self._channels.values())

    async def fragments(self, view: View) -> tuple[Fragments, str]:
        """The view's fragments now, for a page, and the id from which its stream goes on."""
        channel = self._channel(view)
        if time.monotonic() - channel.built_at > TICK_SECONDS:
            await self._build(channel)
        return {name: html for name, (_, html) in channel.fragments.items()}, f"{self.epoch}.{channel.number}"

    async def stream(self, view: View, last_id: str) -> AsyncIterator[bytes]:
        """Messages for one viewer, from the id it has seen; ends when the hub closes."""
        channel = self._channel(view)
        channel.watchers += 1
        self._watched.set()
        try:
            yield b"retry: 1000\n\n"
            if time.monotonic() - channel.built_at > TICK_SECONDS:
                await self._build(channel)
            epoch, _, number = last_id.partition(".")
            seen = int(number) if epoch == self.epoch and number.isdigit() else 0
            points = self._points
            while not self._is_closing:
                tick = self._tick
                if seen < channel.number:
                    message, seen = channel.since(seen, self.epoch), channel.number
                    yield message
                if points < self._points:
                    points = self._points
                    yield self._point
                if tick is self._tick and not await _within(tick, PING_SECONDS):
                    yield b": still here\n\n"
        finally:
            channel.watchers -= 1
            channel.used_at = time.monotonic()

    async def run(self) -> None:
        """Render what is watched and has changed, twice a second; runs until cancelled."""
        sampled = 0.0
        while True:
            if not self.watchers:
                self._watched.clear()
                await self._watched.wait()
            changes = self._take_changes()
            for channel in list(self._channels.values()):
                await self._refresh(channel, changes)
            if time.monotonic() - sampled >= SAMPLE_SECONDS:
                sampled = time.monotonic()
                self._point, self._points = format_sse_event(event="sample", data_str=self._sample()), self._points + 1
            self._wake()
            await asyncio.sleep(TICK_SECONDS)

    def close(self) -> None:
        """End all streams, so that the server can stop at once."""
        self._is_closing = True
        self._wake()

    def _wake(self) -> None:
        self._tick.set()
        self._tick = asyncio.Event()

    async def _refresh(self, channel: Channel, changes: Changes) -> None:
        if not channel.watchers:
            if time.monotonic() - channel.used_at > FORGET_SECONDS:
                self._channels.pop(channel.view.key, None)
        elif channel.view.concerns(changes):
            await self._build(channel)

    async def _build(self, channel: Channel) -> None:
        try:
            channel.update(await asyncio.to_thread(channel.view.build))
        except Exception:
            if not channel.fragments:
                raise
            # one view that cannot be rendered must not stop the others; whoever opens it anew gets the error
            structlog.get_logger().exception("a view could not be rendered", view=channel.view.key)

    def _channel(self, view: View) -> Channel:
        channel = self._channels.get(view.key)
        if channel is None:
            channel = self._channels[view.key] = Channel(view)
        return channel


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
