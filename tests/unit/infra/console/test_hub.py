"""The hub renders once for all, sends only what changed, and resumes from any number."""

import asyncio
from collections.abc import AsyncIterator, Callable

from infra.console.hub import Fragments, Hub, View
from infra.console.store import Changes


class Page:
    """A view of two fragments that counts how often it is rendered."""

    def __init__(self) -> None:
        self.state: Fragments = {"a": "<p>1</p>", "b": "<p>1</p>"}
        self.renders = 0
        self.is_broken = False
        self.dirty = True
        self.view = View("page", self.build, lambda changes: changes.any)

    def build(self) -> Fragments:
        if self.is_broken:
            raise ZeroDivisionError
        self.renders += 1
        return dict(self.state)

    def changes(self) -> Changes:
        dirty, self.dirty = self.dirty, False
        return Changes(any=dirty)

    def set(self, name: str, html: str) -> None:
        self.state[name] = html
        self.dirty = True


def hub_of(page: Page) -> Hub:
    return Hub(page.changes, lambda: "[1]")


async def until(stream: AsyncIterator[bytes], wanted: Callable[[bytes], bool]) -> bytes:
    async with asyncio.timeout(10):
        async for message in stream:
            if wanted(message):
                return message
    raise AssertionError("the stream ended")


def id_of(message: bytes) -> str:
    return next(line[4:] for line in message.decode().splitlines() if line.startswith("id: "))


async def _one_render_for_all() -> None:
    page = Page()
    hub = hub_of(page)
    task = asyncio.create_task(hub.run())
    streams = [hub.stream(page.view, "") for _ in range(200)]
    first = await asyncio.gather(*(until(s, lambda m: b"hx-partial" in m) for s in streams))
    assert len(set(first)) == 1
    before = page.renders
    page.set("b", "<p>2</p>")
    second = await asyncio.gather(*(until(s, lambda m: b"hx-partial" in m) for s in streams))
    assert page.renders == before + 1
    assert all(b"<p>2</p>" in message and b'"#a"' not in message for message in second)
    hub.close()
    task.cancel()


def test_two_hundred_viewers_cost_one_rendering() -> None:
    asyncio.run(_one_render_for_all())


async def _resume() -> None:
    page = Page()
    hub = hub_of(page)
    _, since = await hub.fragments(page.view)
    task = asyncio.create_task(hub.run())
    watcher = hub.stream(page.view, since)
    page.set("a", "<p>2</p>")
    seen = await until(watcher, lambda m: b"hx-partial" in m)
    assert b'"#b"' not in seen, "the page had the first state already"
    page.set("b", "<p>3</p>")
    await until(watcher, lambda m: b"<p>3</p>" in m)
    resumed = await until(hub.stream(page.view, id_of(seen)), lambda m: b"hx-partial" in m)
    assert b"<p>3</p>" in resumed
    assert b'"#a"' not in resumed
    stranger = await until(hub.stream(page.view, "ffffffff.1"), lambda m: b"hx-partial" in m)
    assert b'"#a"' in stranger, "an id of another process means: send everything"
    assert b'"#b"' in stranger
    hub.close()
    task.cancel()


def test_a_viewer_resumes_with_what_changed_since() -> None:
    asyncio.run(_resume())


async def _broken_view() -> None:
    page, other = Page(), Page()
    broken = View("broken", other.build, lambda changes: changes.any)
    hub = hub_of(page)
    task = asyncio.create_task(hub.run())
    watchers = [hub.stream(page.view, ""), hub.stream(broken, "")]
    await asyncio.gather(*(until(w, lambda m: b"hx-partial" in m) for w in watchers))
    other.is_broken = True
    page.set("a", "<p>2</p>")
    assert b"<p>2</p>" in await until(watchers[0], lambda m: b"hx-partial" in m)
    assert not task.done()
    hub.close()
    task.cancel()


def test_a_view_that_cannot_be_rendered_does_not_stop_the_others() -> None:
    asyncio.run(_broken_view())


async def _close() -> None:
    page = Page()
    hub = hub_of(page)
    stream = hub.stream(page.view, "")
    await anext(stream)
    assert hub.watchers == 1
    hub.close()
    async with asyncio.timeout(10):
        assert [message async for message in stream if b"hx-partial" in message] == []
    assert hub.watchers == 0


def test_closing_ends_every_stream() -> None:
    asyncio.run(_close())
