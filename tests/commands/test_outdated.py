"""hpm outdated: what is told of each package, and what happens when it cannot be known."""

from __future__ import annotations

import json

import pytest

from tests.support.command_line import CommandLine
from tests.support.github_server import GithubServer
from tests.support.golden import Golden
from tests.support.loopback_server import Reply

CLOSED = "http://127.0.0.1:9"
DOWN = {"HPM_GITHUB_SERVER_URL": CLOSED, "HPM_GITHUB_API_URL": CLOSED}


@pytest.fixture
def behind(own_shell: CommandLine, own_server: GithubServer) -> CommandLine:
    """acme/a may move within ^1, acme/new for development only beyond it; acme/b is needed by acme/a."""
    own_shell.require({"acme/a": "1.0.0"}, dev={"acme/new": "^1.0.0"})
    assert own_shell.run("install").code == 0
    own_shell.require({"acme/a": "^1.0.0"}, dev={"acme/new": "^1.0.0"})
    own_server.publish("acme/b", "v1.3.0")
    own_server.publish("acme/new", "v2.0.0")
    own_server.publish("acme/new", "v3.0.0-rc.1")
    return own_shell


def test_table(behind: CommandLine, golden: Golden) -> None:
    """Locked, allowed, newest and section of what package.json requires; exit code 0, nothing written."""
    before = behind.everything()

    ran = behind.process("outdated")

    assert (ran.code, ran.err) == (0, "")
    golden.check("outdated/direct.txt", ran.out)
    assert behind.everything() == before


def test_all_has_what_packages_require(behind: CommandLine, golden: Golden) -> None:
    """With --all there is a row for each locked package that could be newer."""
    golden.check("outdated/all.txt", behind.run("outdated", "--all").out)


def test_as_data(behind: CommandLine, golden: Golden) -> None:
    """The rows, the failures and the warnings."""
    data = behind.run("outdated", "--json").data
    golden.check("outdated/direct.json", json.dumps(data, indent=2) + "\n")


def test_fail_makes_it_an_exit_code(behind: CommandLine) -> None:
    """9 if there is anything newer, 0 if not."""
    assert behind.run("outdated", "--fail").code == 9
    behind.run("update", "--latest")
    assert behind.run("outdated", "--fail").code == 0


def test_nothing_outdated(shell: CommandLine) -> None:
    """One sentence, and an empty list as data."""
    shell.require({"acme/a": "^1.0.0", "acme/b": "^1.0.0"})
    shell.run("install")
    shell.require({"acme/a": "^1.0.0"})
    assert shell.run("outdated").out == "All packages are up to date.\n"
    assert shell.run("outdated", "--json").data["packages"] == []


def test_each_package_is_asked_about_once(behind: CommandLine, own_server: GithubServer) -> None:
    """Tags are read, archives are not; packages that are not shown are not asked about."""
    own_server.clear_log()
    behind.run("outdated")
    assert own_server.count("* /acme/b*") == 0
    assert own_server.count("*tar.gz*") == 0


def test_constraints_of_packages_count(behind: CommandLine) -> None:
    """What another locked package forbids is not wanted, although it is the latest."""
    behind.require({"acme/a": "^1.0.0", "acme/b": "*"})
    rows = {row["name"]: row for row in behind.run("outdated", "--json").data["packages"]}
    assert (rows["acme/b"]["wanted"], rows["acme/b"]["latest"]) == ("1.3.0", "2.0.0")


def test_override_takes_the_place_of_every_constraint(behind: CommandLine) -> None:
    """The wanted version is the one that an installation would take."""
    document = behind.manifest()
    document["overrides"] = {"acme/b": "2.0.0"}
    behind.write("package.json", json.dumps(document))
    rows = {row["name"]: row for row in behind.run("outdated", "--all", "--json").data["packages"]}
    assert rows["acme/b"]["wanted"] == "2.0.0"


def test_without_a_lock(shell: CommandLine) -> None:
    """What is not locked has no current version, and is not up to date."""
    shell.require({"acme/b": "^1.0.0"})
    ran = shell.run("outdated", "--fail")
    assert ran.code == 9
    assert ran.out.splitlines()[1].split() == ["acme/b", "-", "1.2.0", "2.0.0", "dependencies"]


# ---------------------------------------------------------------- when it cannot be known


@pytest.mark.parametrize("option", [(), ("--fail",), ("--all",)])
def test_network_down_is_never_up_to_date(behind: CommandLine, option: tuple[str, ...]) -> None:
    """Exit code 4, the packages are named, and nobody says that all is well."""
    ran = behind.run("outdated", *option, **DOWN)
    assert ran.code == 4
    assert "acme/a, acme/" in ran.err
    assert "up to date" not in ran.out


def test_what_is_known_is_printed_before_the_failure(
    behind: CommandLine, own_server: GithubServer, golden: Golden
) -> None:
    """One package that is gone hides no other; its failure is the exit code."""
    own_server.delete("acme/a")

    ran = behind.run("outdated")

    assert ran.code == 2
    golden.check("outdated/partly.txt", behind.plain(ran.out + ran.err))


def test_failures_as_data(behind: CommandLine, own_server: GithubServer) -> None:
    """One object on stdout, with each failure's kind and exit code."""
    own_server.fail("* /acme/new*", Reply(500), times=None)
    own_server.fail("* /repos/acme/new*", Reply(500), times=None)

    ran = behind.run("outdated", "--json")

    assert (ran.code, ran.data["failures"][0]["exitCode"]) == (4, 4)
    assert [failure["name"] for failure in ran.data["failures"]] == ["acme/new"]
    assert [row["name"] for row in ran.data["packages"]] == ["acme/a"]


def test_only_failures_and_nothing_outdated(behind: CommandLine, own_server: GithubServer) -> None:
    """It is told how many packages could be looked at."""
    behind.run("update", "--latest")
    own_server.delete("acme/a")
    ran = behind.run("outdated")
    assert (ran.code, ran.out) == (2, "Of the 2 packages 1 could be looked at; none is outdated.\n")


# ---------------------------------------------------------------- offline


def test_offline_uses_what_earlier_runs_recorded(behind: CommandLine, own_server: GithubServer) -> None:
    """Also of packages that resolving found by itself; how old that is is told."""
    own_server.clear_log()

    ran = behind.run("outdated", "--offline", "--all")

    assert ran.code == 0
    assert [line.split() for line in ran.out.splitlines()[1:]] == [
        ["acme/a", "1.0.0", "1.1.0", "1.1.0", "dependencies"],
        ["acme/b", "1.2.0", "1.2.0", "2.0.0", "transitive"],
    ]
    assert "read less than a minute ago" in ran.err
    assert own_server.requests == []


def test_offline_names_what_is_unknown(behind: CommandLine) -> None:
    """Exit code 4, because a package that nobody asked about may be outdated."""
    behind.require({"acme/a": "^1.0.0", "acme/curl": "*"})
    ran = behind.run("outdated", "--offline")
    assert ran.code == 4
    assert "The versions of acme/curl are not known." in ran.err
    assert "acme/a" in ran.out


def test_moved_tag_is_told(behind: CommandLine, own_server: GithubServer) -> None:
    """A warning, and no other exit code."""
    new = own_server.publish("acme/a", None, {"package.json": {"name": "acme/a", "version": "1.0.0"}})
    own_server.repository("acme/a").tag("v1.0.0", new)
    ran = behind.run("outdated")
    assert ran.code == 0
    assert "The tag of acme/a@1.0.0 was moved" in ran.err
