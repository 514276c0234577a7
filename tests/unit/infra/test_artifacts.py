"""Downloads against a local server: whole, broken off and resumed, and not what the manifest says."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from infra.local.artifacts import DownloadError, fetch, fetch_all, place
from infra.local.manifest import Artifact

CONTENT = bytes(range(256)) * 4000
ARTIFACT = Artifact(
    "org.example", "thing", "1.0", "", "jar", len(CONTENT), hashlib.sha256(CONTENT).hexdigest(), ("test",)
)


class Server(ThreadingHTTPServer):
    """Serves CONTENT; breaks off after `breaks[0]` bytes as long as there are breaks."""

    breaks: ClassVar[list[int]] = []
    ranges: ClassVar[list[str | None]] = []


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.ranges.append(wanted)
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        end = start + self.server.breaks.pop(0) if self.server.breaks else len(CONTENT)
        self.wfile.write(CONTENT[start:end])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as running:
        running.breaks, running.ranges = [], []  # type: ignore[misc]
        settings = tmp_path / "jgo.conf"
        settings.write_text(f"[repositories]\nlocal = http://127.0.0.1:{running.server_port}/maven\n")
        monkeypatch.setenv("JGO_CONFIG_FILE", str(settings))
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_a_download_lands_in_the_cache_and_is_not_repeated(server: Server, tmp_path: Path) -> None:
    seen: list[int] = []
    for _ in range(2):
        path = fetch(ARTIFACT, tmp_path, seen.append)
        assert path.read_bytes() == CONTENT
    assert path == place(ARTIFACT, tmp_path)
    assert len(server.ranges) == 1
    assert seen[-1] == len(CONTENT)


def test_a_broken_download_is_resumed_where_it_stopped(server: Server, tmp_path: Path) -> None:
    server.breaks = [5 << 16, 2 << 16]  # type: ignore[misc]
    assert fetch(ARTIFACT, tmp_path, lambda _: None).read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=327680-", "bytes=458752-"]


def test_a_download_is_resumed_by_a_later_start(server: Server, tmp_path: Path) -> None:
    part = place(ARTIFACT, tmp_path).with_name("thing-1.0.jar.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT[:700_000])
    assert fetch(ARTIFACT, tmp_path, lambda _: None).read_bytes() == CONTENT
    assert server.ranges == ["bytes=700000-"]


def test_a_damaged_beginning_is_fetched_anew(server: Server, tmp_path: Path) -> None:
    part = place(ARTIFACT, tmp_path).with_name("thing-1.0.jar.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * 1000)
    assert fetch(ARTIFACT, tmp_path, lambda _: None).read_bytes() == CONTENT
    assert server.ranges == ["bytes=1000-", None]


def test_a_wrong_hash_is_refused_and_nothing_is_kept(server: Server, tmp_path: Path) -> None:
    other = replace(ARTIFACT, sha256="0" * 64)
    with pytest.raises(DownloadError, match=r"org.example:thing:jar:1.0 was refused: its SHA-256 is"):
        fetch(other, tmp_path, lambda _: None)
    assert not list(tmp_path.rglob("thing-1.0.jar"))
    assert not list(tmp_path.rglob("*.part"))


def test_a_server_that_is_away_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tmp_path / "jgo.conf"
    settings.write_text("[repositories]\nlocal = http://127.0.0.1:9/maven\n")
    monkeypatch.setenv("JGO_CONFIG_FILE", str(settings))
    with pytest.raises(DownloadError, match="could not be downloaded"):
        fetch(ARTIFACT, tmp_path, lambda _: None)


def test_progress_is_the_sum_over_all_artifacts(server: Server, tmp_path: Path) -> None:
    second = replace(ARTIFACT, name="other")
    seen: list[int] = []
    paths = fetch_all((ARTIFACT, second), tmp_path, seen.append)
    assert [path.name for path in paths] == ["thing-1.0.jar", "other-1.0.jar"]
    assert max(seen) == 2 * len(CONTENT)
