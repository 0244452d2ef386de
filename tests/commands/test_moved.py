"""Tags that were moved, commits that vanished, names that were given away; and hpm accept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.git_repositories import package
from tests.support.github_server import GithubServer
from tests.support.golden import Golden
from tests.support.loopback_server import Reply


@pytest.fixture
def shell(tmp_path: Path, github_server: GithubServer) -> Iterator[CommandLine]:
    """A shell in a project that locked and installed acme/kit 1.0.0."""
    github_server.publish("acme/kit", "v1.0.0")
    with closing(CommandLine(tmp_path, github_server.environment())) as opened:
        opened.require({"acme/kit": "^1.0.0"})
        assert opened.run("install").code == 0
        yield opened


def move(server: GithubServer, **dependencies: str) -> str:
    """v1.0.0 of acme/kit points at another commit, which says so and requires acme's *dependencies*."""
    files = package("acme/kit", "1.0.0", {f"acme/{name}": text for name, text in dependencies.items()})
    commit = server.publish("acme/kit", None, {**files, "src/index.hml": "evil();\n", "new.hml": ""})
    server.repository("acme/kit").tag("v1.0.0", commit)
    return commit


def give_away(server: GithubServer, *versions: str) -> None:
    """acme/kit is deleted, and made anew by somebody else, under another number, with *versions*."""
    server.create("acme/other")  # numbers are given in the order of creation
    server.delete("acme/kit")
    server.create("acme/new")
    server.rename("acme/new", "acme/kit")
    for version in versions:
        server.publish("acme/kit", f"v{version}")


def locked(shell: CommandLine) -> dict[str, str]:
    """What is locked of acme/kit."""
    entry: dict[str, str] = shell.lock()["dependencies"]["acme/kit"]
    return entry


def plain(shell: CommandLine, text: str, *commits: str) -> str:
    """*text* with *commits* as OLD and NEW."""
    for name, commit in zip(("OLD", "NEW"), commits, strict=False):
        text = text.replace(commit, name).replace(commit[:12], name)
    return shell.plain(text)


# ---------------------------------------------------------------- moved tags


@pytest.mark.parametrize("command", ["update", "outdated"])
def test_moved_tag_is_told_with_both_commits_and_the_files(
    shell: CommandLine, github_server: GithubServer, golden: Golden, command: str
) -> None:
    """Once, as a warning; the exit code is 0 and the lock is kept."""
    old, new = locked(shell)["commit"], move(github_server)
    before = shell.documents()
    ran = shell.run(command)
    assert ran.code == 0
    golden.check("moved/warning.txt", plain(shell, ran.err, old, new))
    assert shell.documents() == before


def test_installation_from_the_lock_asks_nobody(shell: CommandLine, github_server: GithubServer) -> None:
    """A moved tag is not noticed where no tag is read, and changes nothing there."""
    move(github_server)
    shell.delete_modules()
    github_server.clear_log()
    ran = shell.run("install")
    assert (ran.code, ran.err, github_server.requests) == (0, "", [])
    assert shell.installed() == {"acme/kit": "1.0.0"}


def test_newer_version_is_taken_past_a_moved_tag(shell: CommandLine, github_server: GithubServer) -> None:
    """The locked version's tag does not matter to who leaves it."""
    move(github_server)
    github_server.publish("acme/kit", "v1.1.0")
    ran = shell.run("update")
    assert (ran.code, ran.err) == (0, "")
    assert shell.installed() == {"acme/kit": "1.1.0"}


def test_moved_tag_whose_commit_cannot_be_had(shell: CommandLine, github_server: GithubServer) -> None:
    """The warning says why the files cannot be told, and is a warning still."""
    github_server.fail(f"*{move(github_server)}*", Reply(404), times=None)
    ran = shell.run("outdated")
    assert ran.code == 0
    assert "What differs cannot be told:" in ran.err


# ---------------------------------------------------------------- accept


def test_accept_shows_first_and_then_takes(
    shell: CommandLine, github_server: GithubServer, golden: Golden
) -> None:
    """--dry-run prints every line and writes nothing; then the lock and hem_modules have the new commit."""
    old, new = locked(shell)["commit"], move(github_server)
    before = shell.everything()

    looked = shell.run("accept", "acme/kit@1.0.0", "--dry-run")

    assert (looked.code, looked.err) == (0, "")
    golden.check("moved/dry-run.txt", plain(shell, looked.out, old, new))
    assert shell.everything() == before

    took = shell.run("accept", "acme/kit@1.0.0")

    assert (took.code, took.err) == (0, "")
    golden.check("moved/accepted.txt", plain(shell, took.out, old, new))
    entry = locked(shell)
    assert (entry["version"], entry["commit"]) == ("1.0.0", new)
    assert (shell.project / "hem_modules/acme/kit/src/index.hml").read_text() == "evil();\n"
    assert (shell.project / "hem_modules/acme/kit/new.hml").exists()


def test_after_accepting_all_is_quiet(shell: CommandLine, github_server: GithubServer) -> None:
    """Nothing is told any more, nothing is left to do, and elsewhere the lock installs the same."""
    move(github_server)
    assert shell.run("accept", "acme/kit@1.0.0").code == 0
    after = shell.documents()
    assert shell.run("update").err == shell.run("outdated").err == ""
    assert shell.run("install", "--json").data["tasks"] == []
    shell.delete_modules()
    assert shell.run("install", "--locked", HPM_CACHE_DIR=str(shell.folder / "fresh")).code == 0
    assert shell.documents() == after
    assert (shell.project / "hem_modules/acme/kit/src/index.hml").read_text() == "evil();\n"


def test_what_the_new_commit_requires_is_installed(shell: CommandLine, github_server: GithubServer) -> None:
    """Not only files may differ: its requirements are read anew."""
    github_server.publish("acme/low", "v1.0.0")
    move(github_server, low="*")
    assert shell.run("accept", "Acme/Kit@v1.0.0").code == 0
    assert set(shell.lock()["dependencies"]) == {"acme/kit", "acme/low"}
    assert (shell.project / "hem_modules/acme/low").is_dir()


def test_others_stay_as_locked(shell: CommandLine, github_server: GithubServer) -> None:
    """Newer versions, and other moved tags, are not taken along."""
    github_server.publish("acme/low", "v1.0.0")
    shell.require({"acme/kit": "^1.0.0", "acme/low": "^1.0.0"})
    shell.run("install")
    low = shell.lock()["dependencies"]["acme/low"]
    move(github_server)
    github_server.publish("acme/kit", "v1.5.0")
    github_server.publish("acme/low", "v1.5.0")
    assert shell.run("accept", "acme/kit@1.0.0").code == 0
    assert locked(shell)["version"] == "1.0.0"
    assert shell.lock()["dependencies"]["acme/low"] == low


@pytest.mark.parametrize(
    ("word", "code", "said"),
    [
        ("acme/kit@1.0.0", 64, "Nothing was moved"),
        ("acme/kit@1.1.0", 64, "acme/kit is locked at 1.0.0, not at 1.1.0"),
        ("acme/kit", 64, "names no version"),
        ("acme/kitt@1.0.0", 2, "Did you mean acme/kit?"),
        ("kit@1.0.0", 64, "is not a package"),
    ],
)
def test_what_cannot_be_accepted(shell: CommandLine, word: str, code: int, said: str) -> None:
    """Each mistake is told, and nothing is changed."""
    before = shell.documents()
    ran = shell.run("accept", word)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert shell.documents() == before


def test_deleted_tag_cannot_be_accepted(shell: CommandLine, github_server: GithubServer) -> None:
    """There is nothing to take instead."""
    github_server.repository("acme/kit").delete_tag("v1.0.0")
    ran = shell.run("accept", "acme/kit@1.0.0")
    assert ran.code == 3
    assert "has no tag for 1.0.0 any more" in ran.err


def test_folder_has_nothing_to_accept(shell: CommandLine) -> None:
    """Its contents are taken by an update."""
    shell.write("packages/acme/kit/1.0.0/package.json", '{"name": "acme/kit", "version": "1.0.0"}')
    sources = f'[{{"match": "*", "type": "directory", "path": "{shell.project}/packages"}}]'
    shell.environ["HPM_SOURCES"] = sources
    assert shell.run("update").code == 0
    ran = shell.run("accept", "acme/kit@1.0.0")
    assert ran.code == 64
    assert "hpm update acme/kit" in ran.err


# ---------------------------------------------------------------- vanished commits


def on_another_machine(shell: CommandLine) -> None:
    """Nothing is installed, and the store is empty."""
    shell.delete_modules()
    shell.environ["HPM_CACHE_DIR"] = str(shell.folder / "fresh")


@pytest.mark.parametrize("case", ["moved", "untagged", "deleted", "out-of-step"])
def test_vanished_commit_is_told_with_the_way_out(
    shell: CommandLine, github_server: GithubServer, golden: Golden, case: str
) -> None:
    """Which package, which commit, what its tag says today, what to do; nothing is changed."""
    old, new = locked(shell)["commit"], "-"
    github_server.fail(f"*/archive/{old}*", Reply(404), times=None)
    if case == "moved":
        new = move(github_server)
    elif case == "untagged":
        github_server.repository("acme/kit").delete_tag("v1.0.0")
    elif case == "deleted":
        github_server.delete("acme/kit")
    on_another_machine(shell)
    before = shell.documents()
    ran = shell.run("install")
    assert (ran.code, ran.out) == (2, "")
    golden.check(f"moved/vanished-{case}.txt", plain(shell, ran.err, old, *([new] if new != "-" else [])))
    assert shell.documents() == before


def test_vanished_commit_can_be_left_by_accepting(shell: CommandLine, github_server: GithubServer) -> None:
    """The old contents are not needed for that."""
    old, new = locked(shell)["commit"], move(github_server)
    github_server.fail(f"*/archive/{old}*", Reply(404), times=None)
    on_another_machine(shell)
    ran = shell.run("accept", "acme/kit@1.0.0")
    assert ran.code == 0
    assert "What differs cannot be shown" in ran.err
    assert locked(shell)["commit"] == new


# ---------------------------------------------------------------- other repositories under the same name


@pytest.fixture
def numbered(shell: CommandLine, github_server: GithubServer) -> CommandLine:
    """The same project, whose lock knows the number of the repository."""
    shell.environ["HPM_GITHUB_TRANSPORT"] = "api"
    (shell.project / "package-lock.json").unlink()
    assert shell.run("install").code == 0
    assert int(locked(shell)["repository"]) == github_server.repository_id("acme/kit")
    return shell


def test_name_that_was_given_away_is_told_and_not_followed(
    numbered: CommandLine, github_server: GithubServer, golden: Golden
) -> None:
    """Both numbers are named; no version of the new repository is taken."""
    before = numbered.documents()
    give_away(github_server, "1.0.0", "1.1.0")
    ran = numbered.run("update")
    assert ran.code == 0
    golden.check("moved/given-away.txt", plain(numbered, ran.err))
    assert numbered.documents() == before


def test_name_that_was_given_away_can_be_accepted(numbered: CommandLine, github_server: GithubServer) -> None:
    """From then on it is the new repository, and its versions are taken."""
    give_away(github_server, "1.0.0", "1.1.0")
    assert numbered.run("accept", "acme/kit@1.0.0").code == 0
    assert int(locked(numbered)["repository"]) == github_server.repository_id("acme/kit")
    ran = numbered.run("update")
    assert (ran.code, ran.err) == (0, "")
    assert locked(numbered)["version"] == "1.1.0"


def test_requirement_that_only_the_new_repository_meets(
    numbered: CommandLine, github_server: GithubServer
) -> None:
    """The reason is told with both numbers, and nothing is changed."""
    old = github_server.repository_id("acme/kit")
    give_away(github_server, "1.0.0", "2.0.0")
    numbered.require({"acme/kit": "^2.0.0"})
    before = numbered.documents()
    ran = numbered.run("install")
    assert ran.code == 1
    new = github_server.repository_id("acme/kit")
    assert f"belongs to another repository ({new}) than what is locked ({old})" in ran.err
    assert numbered.documents() == before


def test_renamed_repository_is_the_same(numbered: CommandLine, github_server: GithubServer) -> None:
    """Its number stays: nothing is told, and newer versions are taken."""
    github_server.rename("acme/kit", "acme/toolkit")
    github_server.publish("acme/toolkit", "v1.1.0", package("acme/kit", "1.1.0"))
    ran = numbered.run("update")
    assert (ran.code, ran.err) == (0, "")
    assert locked(numbered)["version"] == "1.1.0"


def test_number_is_kept_where_git_does_not_tell_it(
    numbered: CommandLine, github_server: GithubServer
) -> None:
    """An update by git does not forget what the API once told."""
    number = locked(numbered)["repository"]
    github_server.publish("acme/kit", "v1.1.0")
    assert numbered.run("update", HPM_GITHUB_TRANSPORT="git").code == 0
    assert (locked(numbered)["version"], locked(numbered)["repository"]) == ("1.1.0", number)
