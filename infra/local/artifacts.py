"""Downloads the artifacts of the manifest into the cache: side by side, resumed after a break, verified."""

import fcntl
import hashlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import requests
from jgo.config import GlobalSettings
from jgo.maven import Artifact as MavenArtifact
from jgo.maven import MavenContext, PythonResolver
from jgo.util import http

from infra.local.errors import PartError
from infra.local.manifest import Artifact

Progress = Callable[[int], None]
_CHUNK = 1 << 16
_TRIES = 4
_TIMEOUT_SECONDS = 30
# shared by all parts: four connections fill a usual line, and the jars come before nobody
_pool = ThreadPoolExecutor(4, thread_name_prefix="download")


class DownloadError(PartError):
    """An artifact could not be fetched, or is not what the manifest says."""


class ResumingResolver(PythonResolver):
    """jgo's resolver with a download that survives a break.

    jgo's own writes straight to the final name, so a broken download is taken for whole the next time, it never
    continues one, and a wrong checksum is only a warning. Repositories, paths and retries stay jgo's.
    """

    def __init__(self, wanted: Artifact, progress: Progress) -> None:
        super().__init__()
        self._wanted = wanted
        self._progress = progress

    def download(self, artifact: MavenArtifact) -> Path:
        """Fetch one artifact to its place in the cache; raises DownloadError after the last try."""
        path = _place(artifact)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        failures: list[str] = []
        for _ in range(_TRIES):
            for base in artifact.context.remote_repos.values():
                url = f"{base}/{artifact.component.path_prefix.as_posix()}/{artifact.filename}"
                resumed = part.exists()
                try:
                    self._fetch(url, part)
                except (requests.RequestException, OSError) as error:
                    failures.append(str(error))
                    continue
                if not self._verified(part, resumed):
                    failures.append("what was kept of an earlier try was damaged")
                    continue
                part.replace(path)
                return path
        raise DownloadError(f"{self._wanted} could not be downloaded: {failures[-1]}")

    def _fetch(self, url: str, part: Path) -> None:
        have = part.stat().st_size if part.exists() else 0
        if have > self._wanted.size:
            part.unlink()
            have = 0
        self._progress(have)
        if have == self._wanted.size:
            return
        headers = {"Range": f"bytes={have}-"} if have else {}
        with http.get(url, headers=headers, stream=True, timeout=_TIMEOUT_SECONDS) as answer:
            answer.raise_for_status()
            resumed = answer.status_code == requests.codes.partial_content
            with part.open("ab" if resumed else "wb") as file:
                for chunk in answer.iter_content(_CHUNK):
                    file.write(chunk)
                    self._progress(file.tell())
        if part.stat().st_size < self._wanted.size:
            raise requests.ConnectionError(
                f"the connection ended at {part.stat().st_size} of {self._wanted.size} bytes"
            )

    def _verified(self, part: Path, resumed: bool) -> bool:
        """False when only an earlier try may be at fault; raises DownloadError when this one is."""
        found = sha256(part)
        if found == self._wanted.sha256:
            return True
        part.unlink()
        if resumed:
            return False
        raise DownloadError(
            f"{self._wanted} was refused: its SHA-256 is {found}, the manifest says {self._wanted.sha256}. "
            "A mirror or a proxy may have changed the file; the cache keeps nothing of it."
        )


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def context(cache: Path, resolver: PythonResolver) -> MavenContext:
    """jgo's context on our cache, with the repositories of the user's jgo settings (default: Maven Central)."""
    settings = GlobalSettings.load()
    return MavenContext(
        resolver=resolver,
        repo_cache=cache / "maven",
        remote_repos=settings.repositories or None,
        timeout=_TIMEOUT_SECONDS,
    )


def place(artifact: Artifact, cache: Path) -> Path:
    """Where an artifact is in the cache once it is downloaded."""
    return _place(_maven(artifact, context(cache, PythonResolver())))


def fetch(artifact: Artifact, cache: Path, progress: Progress) -> Path:
    """The artifact in the cache, downloaded and verified when it is not there yet.

    `progress` is told how many bytes are there. Raises DownloadError.
    """
    maven = _maven(artifact, context(cache, ResumingResolver(artifact, progress)))
    path = _place(maven)
    with _only_one(path):
        if path.exists() and path.stat().st_size != artifact.size:
            path.unlink()
        if not path.exists():
            path = maven.resolve()
    progress(artifact.size)
    return path


def fetch_all(artifacts: tuple[Artifact, ...], cache: Path, progress: Progress) -> tuple[Path, ...]:
    """All artifacts, side by side; `progress` is told the sum of bytes that are there. Raises DownloadError."""
    lock, have = threading.Lock(), dict.fromkeys(artifacts, 0)

    def one(artifact: Artifact) -> Path:
        def note(count: int) -> None:
            with lock:
                have[artifact] = count
                progress(sum(have.values()))

        return fetch(artifact, cache, note)

    return tuple(_pool.map(one, artifacts))


def _maven(artifact: Artifact, maven: MavenContext) -> MavenArtifact:
    component = maven.project(artifact.group, artifact.name).at_version(artifact.version)
    return component.artifact(artifact.classifier, artifact.packaging)


def _place(artifact: MavenArtifact) -> Path:
    path: Path = artifact.context.repo_cache / artifact.component.path_prefix / artifact.cached_filename
    return path


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Keeps two stacks that start at once from fetching the same file twice."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(path.name + ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
