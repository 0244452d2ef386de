"""hpm licenses: a row for each package, and exit code 10 for what is not as demanded."""

from __future__ import annotations

import json

import pytest

from tests.support.command_line import CommandLine
from tests.support.git_repositories import Content, package
from tests.support.github_server import GithubServer
from tests.support.golden import Golden
from tests.support.license_texts import TEXTS


@pytest.fixture
def licensed(own_shell: CommandLine, own_server: GithubServer) -> CommandLine:
    """Packages with every kind of statement; acme/copyleft is for development only."""
    statements: dict[str, tuple[str | None, dict[str, Content]]] = {
        "acme/mit": ("MIT", {"LICENSE": TEXTS["MIT"]}),
        "acme/either": ("MIT OR GPL-3.0-or-later", {}),
        "acme/file": (None, {"LICENSE.md": TEXTS["Apache-2.0"]}),
        "acme/silent": (None, {}),
        "acme/own": ("SEE LICENSE IN OWN.txt", {"LICENSE": "Ask us."}),
        "acme/torn": ("MIT", {"COPYING": TEXTS["GPL-3.0-only"]}),
        "acme/copyleft": ("AGPL-3.0-only", {}),
    }
    for name, (statement, files) in statements.items():
        manifest = {"name": name, "version": "1.0.0", **({"license": statement} if statement else {})}
        own_server.publish(name, "v1.0.0", {**package(name, "1.0.0"), **files, "package.json": manifest})
    names = [name for name in statements if name != "acme/copyleft"]
    own_shell.require(dict.fromkeys(names, "*"), dev={"acme/copyleft": "*"})
    assert own_shell.run("install").code == 0
    return own_shell


def demand(shell: CommandLine, **lists: object) -> None:
    """package.json has *lists* under ``hpm.licenses``."""
    shell.write("package.json", json.dumps(shell.manifest() | {"hpm": {"licenses": lists}}, indent=2))


def test_every_package_has_a_row(licensed: CommandLine, golden: Golden) -> None:
    """Without demands nothing is a finding; the lock and the store are enough."""
    (licensed.project / "package.json").unlink()
    licensed.delete_modules()
    before = licensed.everything()
    ran = licensed.process("licenses", "--offline")
    assert (ran.code, ran.err) == (0, "")
    golden.check("licenses/table.txt", ran.out)
    assert licensed.everything() == before


def test_what_is_not_allowed(licensed: CommandLine, golden: Golden) -> None:
    """Lists of package.json and of the command line add up; what is unknown is not allowed."""
    demand(licensed, allow=["MIT"])
    ran = licensed.run("licenses", "--allow", "apache-2.0", "--deny", "AGPL-3.0")
    assert ran.code == 10
    golden.check("licenses/findings.txt", ran.out + ran.err)
    data = licensed.run("licenses", "--json").data
    assert {each["name"]: each["verdict"] for each in data["packages"]} == {
        "acme/copyleft": "not-allowed",
        "acme/either": "allowed",
        "acme/file": "not-allowed",
        "acme/mit": "allowed",
        "acme/own": "unknown",
        "acme/silent": "unknown",
        "acme/torn": "not-allowed",
    }
    assert data["findings"] == 5


def test_prod_leaves_out_development(licensed: CommandLine) -> None:
    """What is not shipped is not looked at with --prod."""
    names = {each["name"] for each in licensed.run("licenses", "--prod", "--json").data["packages"]}
    assert "acme/copyleft" not in names
    assert "acme/mit" in names


def test_empty_store_is_filled(licensed: CommandLine, own_server: GithubServer) -> None:
    """What is missing is fetched; under --offline that is exit code 4."""
    licensed.run("cache", "clean")
    assert licensed.run("licenses", "--offline").code == 4
    own_server.clear_log()
    assert licensed.run("licenses").code == 0
    assert own_server.count("codeload /acme/mit/*") == 1


@pytest.mark.parametrize("lists", [{"allow": "MIT"}, {"deny": [1]}, {"allow": ["MITT"]}])
def test_demand_that_cannot_be_used(licensed: CommandLine, lists: dict[str, object]) -> None:
    """Exit code 5, and the field is named."""
    demand(licensed, **lists)
    ran = licensed.run("licenses")
    assert ran.code == 5
    assert "hpm.licenses" in ran.err


def test_option_that_cannot_be_used(licensed: CommandLine) -> None:
    """Exit code 64."""
    ran = licensed.run("licenses", "--deny", "GPL-9")
    assert ran.code == 64
    assert "--deny: 'GPL-9' is no license that SPDX has" in ran.err


def test_without_a_lock_and_without_packages(shell: CommandLine) -> None:
    """No lock: exit code 9. A lock of nothing: one sentence."""
    shell.require({})
    assert shell.run("licenses").code == 9
    shell.run("install")
    assert shell.run("licenses").out == "There are no packages.\n"
