"""hpm sbom: from the lock alone, to standard output or a file."""

from __future__ import annotations

import json
import sys

import pytest

from tests.support.command_line import CommandLine
from tests.support.github_server import GithubServer


@pytest.fixture
def locked(own_shell: CommandLine) -> CommandLine:
    """acme/a, which requires acme/b; acme/new for development."""
    own_shell.require({"acme/a": "^1.0.0"}, dev={"acme/new": "*"})
    assert own_shell.run("install").code == 0
    return own_shell


@pytest.mark.parametrize("form", ["cyclonedx", "spdx"])
def test_lock_alone_is_enough(locked: CommandLine, own_server: GithubServer, form: str) -> None:
    """No request, no package, no package.json; twice the same bytes."""
    locked.delete_modules()
    locked.run("cache", "clean")
    (locked.project / "package.json").unlink()
    own_server.clear_log()
    ran = locked.process("sbom", "--format", form)
    assert (ran.code, ran.err) == (0, "")
    assert "pkg:github/acme/a@v1.1.0" in ran.out
    assert locked.run("sbom", "--format", form).out == ran.out
    assert own_server.requests == []


def test_file(locked: CommandLine) -> None:
    """--output writes what would be printed."""
    ran = locked.run("sbom", "--output", "bom.json", SOURCE_DATE_EPOCH="1700000000")
    assert (ran.code, ran.out) == (0, "Wrote bom.json (3 packages).\n")
    text = (locked.project / "bom.json").read_text()
    assert text == locked.run("sbom", SOURCE_DATE_EPOCH="1700000000").out
    assert json.loads(text)["metadata"]["timestamp"].startswith("2023-11-14")


def test_as_data(locked: CommandLine) -> None:
    """--json wraps the document in hpm's own object."""
    data = locked.run("sbom", "--json", "--prod").data
    assert (data["schemaVersion"], data["packages"]) == (1, 2)
    assert data["document"]["bomFormat"] == "CycloneDX"


def test_licenses_are_looked_up_on_demand(locked: CommandLine, own_server: GithubServer) -> None:
    """Only --licenses may fetch a package; what is found stands in the list."""
    manifest = {"name": "acme/mit", "version": "1.0.0", "license": "MIT"}
    own_server.publish("acme/mit", "v1.0.0", {"package.json": manifest})
    locked.require({"acme/mit": "*"})
    locked.run("install")
    assert '"expression": "MIT"' in locked.run("sbom", "--licenses").out
    assert '"expression"' not in locked.run("sbom").out


def test_without_a_lock(shell: CommandLine) -> None:
    """Exit code 9."""
    shell.require({})
    assert shell.run("sbom").code == 9


def test_without_the_libraries(locked: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the way to get them."""
    for name in list(sys.modules):
        if name.startswith(("cyclonedx", "hpmtasks.supply.cyclonedx")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cyclonedx", None)
    ran = locked.run("sbom")
    assert ran.code == 64
    assert "pip install 'hpmtasks[sbom]'" in ran.err


def test_epoch_that_is_none(locked: CommandLine) -> None:
    """Exit code 5."""
    assert locked.run("sbom", SOURCE_DATE_EPOCH="soon").code == 5


def test_the_moment_on_demand(locked: CommandLine) -> None:
    """--now writes when the list was made; without it, and without SOURCE_DATE_EPOCH, no time is meant."""
    moments = [json.loads(locked.run("sbom", *more).out)["metadata"]["timestamp"] for more in (["--now"], [])]
    assert moments[0] > "2026"
    assert moments[1].startswith("1970-01-01")


def test_licenses_without_a_network(locked: CommandLine, own_server: GithubServer) -> None:
    """--offline asks nobody, also for licenses."""
    own_server.clear_log()
    assert locked.run("sbom", "--licenses", "--offline").code == 0
    assert own_server.requests == []
