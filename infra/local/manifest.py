"""The manifest of everything that is downloaded: read it, and (`python -m infra.local.manifest`) make it anew."""

import hashlib
import json
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jgo.maven import Artifact as MavenArtifact
    from jgo.maven import MavenContext

MANIFEST = Path(__file__).with_name("manifest.json")
CLASS, ARCHIVE = "jar", "tar.gz"


@dataclass(frozen=True)
class Root:
    """What a bundle is made from: one artifact, with the closure of its dependencies when it is a jar."""

    group: str
    name: str
    version: str
    classifier: str = ""
    packaging: str = CLASS


# slf4j's bridge is no dependency of Kafka's jars; its own distribution adds it too, without it nothing is logged
_LOGGING = Root("org.apache.logging.log4j", "log4j-slf4j-impl", "2.25.4")

BUNDLES: tuple[tuple[str, tuple[Root, ...]], ...] = (
    ("kafka", (Root("org.apache.kafka", "kafka_2.13", "4.3.1"), _LOGGING)),
    ("connect", (Root("org.apache.kafka", "connect-runtime", "4.3.1"), _LOGGING)),
    (
        "debezium",
        (Root("io.debezium", "debezium-connector-postgres", "3.7.0.Final", "plugin", ARCHIVE),),
    ),
    ("registry", (Root("io.apicurio", "apicurio-registry-app", "3.3.3", "all", ARCHIVE),)),
)


@dataclass(frozen=True)
class Artifact:
    """One file of the manifest: its Maven coordinates, its size in bytes, its SHA-256, and who needs it."""

    group: str
    name: str
    version: str
    classifier: str
    packaging: str
    size: int
    sha256: str
    bundles: tuple[str, ...]

    def __str__(self) -> str:
        middle = f":{self.classifier}" if self.classifier else ""
        return f"{self.group}:{self.name}:{self.packaging}{middle}:{self.version}"


def read(path: Path = MANIFEST) -> tuple[Artifact, ...]:
    """All artifacts of the manifest, in its order."""
    return tuple(Artifact(**{**row, "bundles": tuple(row["bundles"])}) for row in json.loads(path.read_text()))


def bundle(name: str, artifacts: tuple[Artifact, ...] | None = None) -> tuple[Artifact, ...]:
    """The artifacts of one bundle; raises KeyError for a name that the manifest does not have."""
    found = tuple(artifact for artifact in (artifacts or read()) if name in artifact.bundles)
    if not found:
        raise KeyError(f"the manifest has no bundle {name!r}")
    return found


def make(folder: Path) -> list[Artifact]:
    """Resolve every bundle anew with jgo and hash what it downloads into `folder`."""
    from jgo.maven import MavenContext

    context = MavenContext(repo_cache=folder, timeout=60)
    wanted: dict[tuple[str, ...], tuple[MavenArtifact, set[str]]] = {}
    for name, roots in BUNDLES:
        for root in roots:
            for artifact in _closure(context, root):
                wanted.setdefault(artifact.key, (artifact, set()))[1].add(name)
    with ThreadPoolExecutor(6) as pool:
        rows = list(pool.map(_row, wanted.values()))
    return sorted(rows, key=lambda row: (row.group, row.name, row.classifier))


def _closure(context: "MavenContext", root: Root) -> "list[MavenArtifact]":
    from jgo.maven import Dependency, PythonResolver

    artifact = context.project(root.group, root.name).at_version(root.version).artifact(root.classifier, root.packaging)
    if root.packaging != CLASS or root is _LOGGING:
        return [artifact]
    inputs, transitive = PythonResolver().resolve([Dependency(artifact)])
    return [dependency.artifact for dependency in (*inputs, *transitive)]


def _row(entry: "tuple[MavenArtifact, set[str]]") -> Artifact:
    artifact, bundles = entry
    path = artifact.resolve()
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Artifact(
        artifact.groupId, artifact.artifactId, artifact.version, artifact.classifier, artifact.packaging,
        path.stat().st_size, digest, tuple(sorted(bundles)),
    )  # fmt: skip


def main() -> None:
    """Write manifest.json anew; takes a minute and downloads everything once."""
    with tempfile.TemporaryDirectory() as folder:
        rows = make(Path(folder))
    lines = ",\n".join(" " + json.dumps(asdict(row)) for row in rows)
    MANIFEST.write_text(f"[\n{lines}\n]\n")
    sys.stderr.write(f"{len(rows)} artifacts, {sum(row.size for row in rows) / 1e6:.0f} MB: {MANIFEST.name}\n")


if __name__ == "__main__":
    main()
