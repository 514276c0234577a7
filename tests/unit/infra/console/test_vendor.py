"""The files of other projects are what their manifest says, and nothing else lies beside them."""

import hashlib
import json
from pathlib import Path

from infra.console.render import STATIC

VENDOR = STATIC / "vendor"
MANIFEST = json.loads((VENDOR / "manifest.json").read_text(encoding="utf-8"))["files"]


def test_every_file_has_the_checksum_of_its_release() -> None:
    found = {entry["file"]: hashlib.sha256((VENDOR / entry["file"]).read_bytes()).hexdigest() for entry in MANIFEST}
    assert found == {entry["file"]: entry["sha256"] for entry in MANIFEST}


def test_no_file_is_without_an_entry_and_every_package_has_its_licence() -> None:
    assert {p.name for p in VENDOR.iterdir()} == {entry["file"] for entry in MANIFEST} | {"manifest.json"}
    packages = {entry["package"] for entry in MANIFEST}
    assert {entry["package"] for entry in MANIFEST if entry["path"] == "LICENSE"} == packages


def test_nothing_of_the_page_comes_from_another_host_or_is_inline() -> None:
    templates = Path(STATIC.parent / "templates").rglob("*.html")
    for text in (p.read_text(encoding="utf-8") for p in templates):
        assert "http://" not in text
        assert "https://" not in text
        assert " style=" not in text
        assert "<script>" not in text
        assert " onclick" not in text
