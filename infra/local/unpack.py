"""Unpacks downloaded archives into the cache, once per content."""

import fcntl
import shutil
import tarfile
import tempfile
from pathlib import Path

from infra.local.artifacts import place
from infra.local.manifest import bundle


def unpacked(bundle_name: str, cache: Path) -> Path:
    """The folder with the content of a bundle's one archive; unpacked on first use, whole or not at all."""
    (artifact,) = bundle(bundle_name)
    folder = cache / "unpacked" / f"{artifact.name}-{artifact.version}-{artifact.sha256[:12]}"
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            draft = Path(tempfile.mkdtemp(dir=folder.parent))
            try:
                with tarfile.open(place(artifact, cache)) as archive:
                    archive.extractall(draft, filter="data")
                draft.rename(folder)
            except BaseException:
                shutil.rmtree(draft, ignore_errors=True)
                raise
    return folder
