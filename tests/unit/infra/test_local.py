"""The embedded stack without starting anything: parts, ports, state, manifest, the installer's reading of the lock."""

import socket
from pathlib import Path

import pytest

from infra.install import entry
from infra.local import manifest
from infra.local.parts import PARTS, closure
from infra.local.ports import choose, is_free
from infra.local.state import SECRETS, State
from infra.local.supervisor import site_for


def test_every_part_is_named_once_and_depends_on_parts_only() -> None:
    names = [part.name for part in PARTS]
    assert len(set(names)) == len(names)
    assert all(set(part.depends_on) <= set(names) for part in PARTS)


def test_usual_ports_do_not_collide() -> None:
    usual = [port for part in PARTS for _, port in part.ports]
    assert len(set(usual)) == len(usual)


def test_a_subset_brings_what_it_depends_on() -> None:
    assert {part.name for part in closure(("schemas",))} == {"kafka", "registry", "schemas"}
    assert closure(()) == PARTS
    with pytest.raises(KeyError):
        closure(("nosuch",))


def test_every_bundle_of_a_part_is_in_the_manifest() -> None:
    for part in PARTS:
        for name in part.bundles:
            assert manifest.bundle(name)


def test_the_manifest_names_no_address_and_has_whole_hashes() -> None:
    text = manifest.MANIFEST.read_text()
    assert "http" not in text.replace("http-", "").replace("-http", "").replace("httpc", "").replace("jetty-http", "")
    assert all(len(artifact.sha256) == 64 and artifact.size > 0 for artifact in manifest.read())


def test_the_manifest_is_made_from_the_versions_of_its_roots() -> None:
    known = {(artifact.name, artifact.version, artifact.classifier) for artifact in manifest.read()}
    assert {(root.name, root.version, root.classifier) for _, roots in manifest.BUNDLES for root in roots} <= known


def test_a_taken_port_is_passed_over() -> None:
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        taken = squatter.getsockname()[1]
        assert not is_free(taken)
        assert choose(taken, set()) != taken
    assert choose(None, set()) > 0


def test_state_is_private_and_comes_back(tmp_path: Path) -> None:
    state = State.load(tmp_path)
    state.ports["kafka.main"] = 1234
    state.save()
    assert (tmp_path / "state.json").stat().st_mode & 0o777 == 0o600
    again = State.load(tmp_path)
    assert (again.ports, again.secrets) == (state.ports, state.secrets)
    assert set(again.secrets) == set(SECRETS)


def test_the_environment_names_all_that_processes_need(tmp_path: Path) -> None:
    environment = site_for(tmp_path, fixed_ports=False).environment
    needed = [
        "BROKERS",
        "REGISTRY",
        "CLICKHOUSE",
        "CLICKHOUSE_READ",
        "TRYTON",
        "POSTGRES",
        "SHOPS",
        "GATEWAY_PORT",
        "CONSOLE_PORT",
    ]
    assert {f"SKUSTREAM_{name}" for name in needed} <= set(environment)


def test_the_installer_finds_one_package_in_the_lock() -> None:
    ours = "uv==2 \\\n    --hash=sha256:b \\\n    --hash=sha256:c\n"
    lock = f"uvicorn==1 \\\n    --hash=sha256:a\n{ours}yarl==3 \\\n    --hash=sha256:d\n"
    assert entry(lock, "uv") == ours
    with pytest.raises(SystemExit, match="make lock"):
        entry("yarl==3\n", "uv")
