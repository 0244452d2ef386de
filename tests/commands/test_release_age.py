"""minimumReleaseAge: versions that are too young are passed over and named; what is locked stays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import CommandLine
from tests.support.fresh_releases import publish_fresh
from tests.support.github_server import GithubServer


def demand(shell: CommandLine, dependencies: dict[str, str], age: Any) -> None:
    """package.json requires *dependencies*, none of them younger than *age*."""
    document = {
        "name": "me/app",
        "version": "1.0.0",
        "dependencies": dependencies,
        "hpm": {"minimumReleaseAge": age},
    }
    shell.write("package.json", json.dumps(document, indent=2) + "\n")


def test_commit_date_of_an_unknown_version(own_shell: CommandLine, own_server: GithubServer) -> None:
    """Where nothing was seen before, the commit's own date counts; it is told that it can be forged."""
    publish_fresh(own_server, "acme/b", "1.3.0")
    demand(own_shell, {"acme/b": "^1.0.0"}, "3 days")
    ran = own_shell.run("install")
    assert (ran.code, own_shell.installed()) == (0, {"acme/b": "1.2.0"})
    assert (
        "Warning: acme/b@1.3.0 is too young: its commit is 1 hour old (by its own date, which can be"
        " forged), and minimumReleaseAge is 3 days; it is passed over."
    ) in ran.err


def test_version_that_appears_later_is_young_whatever_its_date(
    own_shell: CommandLine, own_server: GithubServer
) -> None:
    """Its commit says 2023, and it was not there when the versions were listed before."""
    demand(own_shell, {"acme/b": "^1.0.0"}, "3 days")
    assert own_shell.run("install").code == 0
    own_server.publish("acme/b", "v1.3.0")
    ran = own_shell.run("update")
    assert (ran.code, own_shell.installed()) == (0, {"acme/b": "1.2.0"})
    assert "acme/b@1.3.0 is too young: it was first seen less than a minute ago" in ran.err
    assert own_shell.run("update", HPM_MINIMUM_RELEASE_AGE="0").code == 0
    assert own_shell.installed() == {"acme/b": "1.3.0"}


def test_locked_version_is_never_too_young(own_shell: CommandLine, own_server: GithubServer) -> None:
    """Neither by an installation nor by an update, which would take it back."""
    publish_fresh(own_server, "acme/b", "1.3.0")
    demand(own_shell, {"acme/b": "^1.0.0"}, 0)
    assert own_shell.run("install").code == 0
    demand(own_shell, {"acme/b": "^1.0.0"}, "3 days")
    own_shell.delete_modules()
    for words in (["install"], ["ci"], ["update"], ["install", "acme/a"]):
        ran = own_shell.run(*words)
        assert ran.code == 0, ran.err
        assert own_shell.installed()["acme/b"] == "1.3.0"
        assert "too young" not in ran.err


def test_deep_candidate_is_passed_over(own_shell: CommandLine, own_server: GithubServer) -> None:
    """A package that is old enough does not bring a young one in, if an older one does."""
    publish_fresh(own_server, "acme/b", "1.3.0")
    demand(own_shell, {"acme/a": "^1.0.0"}, 600)
    assert own_shell.run("install").code == 0
    assert own_shell.installed() == {"acme/a": "1.1.0", "acme/b": "1.2.0"}


def test_nothing_else_remains(own_shell: CommandLine, own_server: GithubServer) -> None:
    """The error says that the version is too young, and how that is known; nothing is written."""
    publish_fresh(own_server, "acme/young", "1.0.0")
    demand(own_shell, {"acme/young": "^1.0.0"}, "2 weeks")
    before = own_shell.documents()
    ran = own_shell.run("install")
    assert ran.code in {1, 3}
    assert "is too young: its commit is 1 hour old" in ran.err
    assert "minimumReleaseAge is 2 weeks" in ran.err
    assert own_shell.documents() == before


def test_new_requirement_and_latest_name_what_can_be_had(
    own_shell: CommandLine, own_server: GithubServer
) -> None:
    """``install NAME`` and ``update --latest`` ask for the newest version that is old enough."""
    publish_fresh(own_server, "acme/b", "3.0.0")
    demand(own_shell, {}, "1 day")
    assert own_shell.run("install", "acme/b").code == 0
    assert own_shell.manifest()["dependencies"] == {"acme/b": "^2.0.0"}
    assert own_shell.run("update", "--latest").code == 0
    assert own_shell.manifest()["dependencies"] == {"acme/b": "^2.0.0"}


def test_outdated_names_what_is_passed_over(own_shell: CommandLine, own_server: GithubServer) -> None:
    """It is not wanted, and the reason stands below; nothing is fetched to find out."""
    demand(own_shell, {"acme/b": "^1.0.0"}, "3 days")
    assert own_shell.run("install").code == 0
    own_server.publish("acme/b", "v1.3.0")
    own_server.clear_log()
    ran = own_shell.run("outdated")
    assert [line.split() for line in ran.out.splitlines()[1:]] == [
        ["acme/b", "1.2.0", "1.2.0", "2.0.0", "dependencies"]
    ]
    assert "acme/b@1.3.0 is too young: it was first seen" in ran.err
    assert own_server.count("*tar.gz*") == 0
    data = own_shell.run("outdated", "--json").data
    assert list(data["packages"][0]["tooYoung"]) == ["1.3.0"]


def test_without_the_policy_nothing_is_remembered_of_lists(own_shell: CommandLine) -> None:
    """By default no age is demanded, and the ledger has only what was taken."""
    own_shell.require({"acme/b": "^1.0.0"})
    assert own_shell.run("install").code == 0
    assert b'"seen"' not in (own_shell.home / "known").read_bytes()


def test_folders_have_no_age(own_shell: CommandLine) -> None:
    """A package of this machine is taken however young it is."""
    own_shell.write("packages/o/x/v1.0.0/package.json", '{"name": "o/x", "version": "1.0.0"}')
    own_shell.environ["HPM_SOURCES"] = '[{"match": "o/*", "type": "directory", "path": "packages"}]'
    demand(own_shell, {"o/x": "*"}, "10 days")
    assert own_shell.run("install").code == 0


@pytest.mark.parametrize("place", ["environment", "package.json", "config.json"])
def test_places_of_the_policy(own_shell: CommandLine, own_server: GithubServer, place: str) -> None:
    """Each of them is enough, and the environment goes before package.json, that before config.json."""
    publish_fresh(own_server, "acme/b", "1.3.0")
    environ = {"HPM_MINIMUM_RELEASE_AGE": "3d"} if place == "environment" else {}
    if place == "package.json":
        demand(own_shell, {"acme/b": "^1.0.0"}, "3 days")
    else:
        own_shell.require({"acme/b": "^1.0.0"})
    if place == "config.json":
        assert own_shell.run("config", "set", "minimum_release_age", "4320").code == 0
    assert own_shell.run("install", **environ).code == 0
    assert own_shell.installed() == {"acme/b": "1.2.0"}
    if place == "config.json":
        demand(own_shell, {"acme/b": "^1.0.0"}, 0)
        assert own_shell.run("update").code == 0
        assert own_shell.installed() == {"acme/b": "1.3.0"}


@pytest.mark.parametrize("age", ["soon", -1, 1.5, True, "1 month", "99999999 days", [], "٣ days"])
def test_age_that_is_none(own_shell: CommandLine, age: Any) -> None:
    """Exit code 5, and the field is named."""
    demand(own_shell, {"acme/b": "^1.0.0"}, age)
    ran = own_shell.run("install")
    assert ran.code == 5
    assert "hpm.minimumReleaseAge cannot be used: it is a number of minutes" in ran.err


def test_setting_that_is_no_age(own_shell: CommandLine, tmp_path: Path) -> None:
    """In the environment, in config.json, and where it is set."""
    own_shell.require({"acme/b": "^1.0.0"})
    assert own_shell.run("install", HPM_MINIMUM_RELEASE_AGE="soon").code == 5
    assert own_shell.run("config", "set", "minimum_release_age", "soon").code == 5
    own_shell.home.mkdir(exist_ok=True)
    (own_shell.home / "config.json").write_text('{"minimum_release_age": "soon"}')
    assert own_shell.run("install").code == 5
