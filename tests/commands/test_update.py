"""hpm update: which versions move, what package.json becomes with --latest, and what is said."""

from __future__ import annotations

import json

import pytest

from tests.support.command_line import CommandLine
from tests.support.github_server import GithubServer
from tests.support.golden import Golden


@pytest.fixture
def behind(own_shell: CommandLine, own_server: GithubServer) -> CommandLine:
    """acme/a 1.0.0, acme/b 1.2.0 and, for development, acme/new 1.0.0 are locked; all have newer ones."""
    own_shell.require({"acme/a": "1.0.0", "acme/b": "^1.0.0"}, dev={"acme/new": "~1.0.0"})
    assert own_shell.run("install").code == 0
    own_shell.require({"acme/a": "^1.0.0", "acme/b": "^1.0.0"}, dev={"acme/new": "~1.0.0"})
    for name, version in (("acme/b", "1.3.0"), ("acme/new", "1.0.1"), ("acme/new", "2.0.0")):
        own_server.publish(name, f"v{version}")
    return own_shell


NOTHING = "Nothing to update: every package has the newest version that its requirements allow.\n"


@pytest.mark.parametrize("alias", ["update", "up", "upgrade"])
def test_all_packages_move_within_package_json(behind: CommandLine, golden: Golden, alias: str) -> None:
    """Each is told as old → new; package.json stays, and a second time there is nothing to do."""
    manifest = behind.documents()["package.json"]

    ran = behind.process(alias)

    assert (ran.code, ran.err) == (0, "")
    golden.check("update/all.txt", behind.plain(ran.out))
    assert behind.installed() == {"acme/a": "1.1.0", "acme/b": "1.3.0", "acme/new": "1.0.1"}
    assert behind.documents()["package.json"] == manifest
    again = behind.run(alias)
    assert (again.code, again.out) == (0, NOTHING)


def test_one_package_moves_and_the_others_stay(behind: CommandLine) -> None:
    """Only the named package leaves its locked version; also one that only others require."""
    behind.require({"acme/a": "^1.0.0"}, dev={"acme/new": "~1.0.0"})

    assert behind.run("update", "acme/b").code == 0

    assert behind.installed() == {"acme/a": "1.0.0", "acme/b": "1.3.0", "acme/new": "1.0.0"}


def test_only_the_changed_packages_are_worked_on(behind: CommandLine, own_server: GithubServer) -> None:
    """One package has tasks of its own beside those of the whole, and nobody is asked about the others."""
    own_server.clear_log()

    data = behind.run("update", "acme/new", "--json").data

    assert data["tasks"] == [
        "tags:acme/new",
        "resolve",
        "download:acme/new",
        "verify:acme/new",
        "extract:acme/new",
        "lock",
    ]
    assert own_server.count("* /acme/new*") > 0
    assert own_server.count("* /acme/a*") == own_server.count("* /acme/b*") == 0


def test_dry_run_shows_the_difference(behind: CommandLine, golden: Golden) -> None:
    """Lines of package.json and versions of the lock; nothing is written."""
    before = behind.everything()

    ran = behind.run("update", "acme/new", "acme/a", "--dry-run", "--latest")

    golden.check("update/dry-run.txt", ran.out)
    assert (ran.code, ran.err) == (0, "")
    assert behind.everything() == before


def test_as_data(behind: CommandLine, golden: Golden) -> None:
    """The lock's changes, the folders' changes and the edits of package.json, each apart."""
    data = behind.run("update", "acme/new", "--latest", "--json").data
    assert data.pop("seconds") >= 0
    golden.check("update/latest.json", json.dumps(data, indent=2) + "\n")


@pytest.mark.parametrize(
    ("constraint", "after"),
    [
        ("^1.0.0", "^2.0.0"),
        ("~1.0.0", "~2.0.0"),
        (">=1.0.0", ">=2.0.0"),
        ("1.2.0", "2.0.0"),
        ("=1.2.0", "=2.0.0"),
        ("1.x", "^2.0.0"),
        ("1 || 2", "^2.0.0"),
        ("*", "*"),
        ("", ""),
        ("^2.0.0", "^2.0.0"),
    ],
)
def test_latest_keeps_the_operator(shell: CommandLine, constraint: str, after: str) -> None:
    """package.json asks for the newest release in the way it asked before."""
    shell.require({"acme/b": constraint})

    assert shell.run("update", "--latest").code == 0

    assert shell.manifest()["dependencies"] == {"acme/b": after}
    assert shell.installed() == {"acme/b": "2.0.0"}


def test_latest_of_one_package_leaves_the_others(behind: CommandLine) -> None:
    """Only the named line of package.json is changed, in its section."""
    behind.run("update", "acme/new", "--latest")
    assert behind.manifest()["dependencies"] == {"acme/a": "^1.0.0", "acme/b": "^1.0.0"}
    assert behind.manifest()["devDependencies"] == {"acme/new": "~2.0.0"}


def test_latest_does_not_go_back_from_a_prerelease(own_shell: CommandLine, own_server: GithubServer) -> None:
    """Who asks for a prerelease that is newer than every release keeps it."""
    own_server.publish("acme/b", "v3.0.0-rc.1")
    own_shell.require({"acme/b": "^3.0.0-rc.0"})
    assert own_shell.run("update", "--latest").code == 0
    assert own_shell.manifest()["dependencies"] == {"acme/b": "^3.0.0-rc.0"}


def test_latest_that_does_not_fit_changes_nothing(behind: CommandLine) -> None:
    """acme/a allows acme/b 1 only: the conflict is told and every file stays."""
    before = behind.documents()

    ran = behind.run("update", "acme/b", "--latest")

    assert ran.code == 1
    assert "your request" in ran.err
    assert behind.documents() == before
    assert behind.installed()["acme/b"] == "1.2.0"


def test_latest_moves_only_requirements(behind: CommandLine) -> None:
    """A package that package.json does not name has no line to move."""
    behind.require({"acme/a": "^1.0.0"})
    ran = behind.run("update", "acme/b", "--latest")
    assert (ran.code, ran.out) == (64, "")
    assert "acme/b is not in package.json" in ran.err


def test_unknown_package(behind: CommandLine) -> None:
    """Exit code 2 and the name that was probably meant; nothing is updated."""
    before = behind.documents()
    ran = behind.run("update", "acme/neww", "acme/b")
    assert (ran.code, ran.out) == (2, "")
    assert "acme/neww is not required or locked.\n\nDid you mean acme/new?" in ran.err
    assert behind.documents() == before


def test_what_comes_and_goes_with_an_update_is_told(own_shell: CommandLine, own_server: GithubServer) -> None:
    """A new version may need other packages: they are named as new and gone."""
    own_shell.require({"acme/a": "^1.0.0"})
    own_shell.run("install")
    own_server.publish("acme/a", "v1.2.0", dependencies={"acme/new": "^1.0.0"})

    lines = own_shell.run("update").out.splitlines()

    assert lines[:4] == [
        "Updating dependencies...",
        "  acme/a: 1.1.0 → 1.2.0",
        "  - acme/b@1.2.0",
        "  + acme/new@1.0.0 (dependency of acme/a)",
    ]
    assert lines[5].startswith("Installed 1 package, updated 1 package, removed 1 package in ")


def test_update_restores_what_is_missing(shell: CommandLine) -> None:
    """Nothing to update is no excuse for a package that is not there."""
    shell.require({"acme/b": "1.0.0"})
    shell.run("install")
    shell.delete_modules()

    ran = shell.run("update")

    assert ran.out == f"  + acme/b@1.0.0\n{NOTHING}"
    assert shell.installed() == {"acme/b": "1.0.0"}


def test_moved_tag_is_told_and_not_followed(own_shell: CommandLine, own_server: GithubServer) -> None:
    """The locked commit stays, with its digests; the warning names both commits."""
    own_shell.require({"acme/b": "1.0.0"})
    own_shell.run("install")
    before = own_shell.documents()
    old = own_shell.lock()["dependencies"]["acme/b"]["commit"]
    new = own_server.publish("acme/b", None, {"package.json": {"name": "acme/b", "version": "1.0.0"}})
    own_server.repository("acme/b").tag("v1.0.0", new)

    ran = own_shell.run("update")

    assert (ran.code, ran.out) == (0, NOTHING)
    assert ran.err.count("The tag of acme/b@1.0.0 was moved") == 1
    assert old[:12] in ran.err
    assert new[:12] in ran.err
    assert own_shell.documents() == before
    assert own_shell.installed() == {"acme/b": "1.0.0"}


def test_changed_folder_is_followed(shell: CommandLine) -> None:
    """A directory source has no tags: what is in the folder now is taken, as its error message says."""
    sources = [{"match": "me/*", "type": "directory", "path": "packages"}]
    shell.write("packages/me/lib/1.0.0/package.json", '{"name": "me/lib", "version": "1.0.0"}')
    shell.write("packages/me/lib/1.0.0/lib.hml", "one")
    document = {
        "name": "me/app",
        "version": "1.0.0",
        "dependencies": {"me/lib": "*"},
        "hpm": {"sources": sources},
    }
    shell.write("package.json", json.dumps(document))
    shell.run("install")
    shell.write("packages/me/lib/1.0.0/lib.hml", "two")

    ran = shell.run("update", "me/lib")

    assert (ran.code, ran.err) == (0, "")
    assert (shell.project / "hem_modules/me/lib/lib.hml").read_text() == "two"


def test_update_without_a_lock_installs(shell: CommandLine) -> None:
    """What was never locked is new, not updated."""
    shell.require({"acme/b": "1.0.0"})
    ran = shell.run("update")
    assert ran.code == 0
    assert "  + acme/b@1.0.0" in ran.out
    assert shell.installed() == {"acme/b": "1.0.0"}


def test_update_offline_needs_the_versions(behind: CommandLine) -> None:
    """Newer versions cannot be known without asking: exit code 4, and everything stays."""
    before = behind.documents()
    assert behind.run("update", "--offline").code == 4
    assert behind.documents() == before
