"""A tag that was moved between two projects of one machine is noticed by the second one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.git_repositories import package
from tests.support.github_server import GithubServer


@pytest.fixture
def projects(tmp_path: Path, own_server: GithubServer) -> tuple[CommandLine, CommandLine]:
    """Two projects with one home and one cache; the first has acme/new@1.0.0."""
    home = {"HPM_HOME": str(tmp_path / "home")}
    first, second = (
        CommandLine(tmp_path / name, own_server.environment() | home) for name in ("first", "second")
    )
    first.require({"acme/new": "*"})
    assert first.run("install").code == 0
    return first, second


def move(server: GithubServer) -> str:
    """The tag of acme/new@1.0.0 points at the commit that is returned."""
    new = server.publish("acme/new", None, {**package("acme/new", "1.0.0"), "more": "1"})
    server.repository("acme/new").tag("v1.0.0", new)
    return new


def commit(shell: CommandLine) -> str:
    """The locked commit of acme/new."""
    return str(shell.lock()["dependencies"]["acme/new"]["commit"])


def test_moved_between_projects(projects: tuple[CommandLine, CommandLine], own_server: GithubServer) -> None:
    """The second project takes what the first one has, is told why, and accepts the new if it wants."""
    first, second = projects
    new = move(own_server)
    second.require({"acme/new": "*"})

    ran = second.run("install")

    assert ran.code == 0
    assert "The tag of acme/new@1.0.0 was moved: this machine took it as" in ran.err
    assert commit(second) == commit(first) != new
    assert "acme/new@1.0.0 was moved" not in second.run("install").err
    assert second.run("accept", "acme/new@1.0.0").code == 0
    assert commit(second) == new


def test_what_was_accepted_is_known_from_then_on(
    projects: tuple[CommandLine, CommandLine], own_server: GithubServer, tmp_path: Path
) -> None:
    """The next project takes the new one, and nothing is told."""
    first, second = projects
    new = move(own_server)
    assert first.run("accept", "acme/new@1.0.0").code == 0
    second.require({"acme/new": "*"})
    ran = second.run("install")
    assert (ran.code, ran.err, commit(second)) == (0, "", new)


def test_lock_of_somebody_else_is_followed(
    projects: tuple[CommandLine, CommandLine], own_server: GithubServer, tmp_path: Path
) -> None:
    """A lock with another commit decides; that is told once."""
    _, second = projects
    elsewhere = CommandLine(tmp_path / "elsewhere", own_server.environment())
    new = move(own_server)
    elsewhere.require({"acme/new": "*"})
    assert elsewhere.run("install").code == 0
    for name, content in elsewhere.documents().items():
        second.write(name, content or b"")
    ran = second.run("install")
    assert (ran.code, commit(second)) == (0, new)
    assert f"acme/new@1.0.0 is locked as commit {new[:12]}" in ran.err
    second.delete_modules()
    assert "is locked as commit" not in second.run("install").err


def test_nothing_to_do_reads_no_ledger(projects: tuple[CommandLine, CommandLine]) -> None:
    """A run in which all is fresh leaves the ledger as it is, readable or not."""
    first, _ = projects
    ledger = first.home.parent.parent / "home" / "known"
    assert ledger.read_bytes().count(b"github.com/acme/new") == 1
    ledger.unlink()
    ledger.mkdir()
    assert first.run("install").code == 0
    assert first.run("install", HPM_FASTPATH="off").code == 0
    assert list(ledger.iterdir()) == []


def test_sources_do_not_mix(own_shell: CommandLine, own_server: GithubServer, tmp_path: Path) -> None:
    """The same name from a folder of repositories on this machine says nothing about GitHub's."""
    own_shell.environ["HPM_SOURCES"] = (
        f'[{{"match": "*", "type": "git", "url": "{own_server.tree}/{{owner}}/{{repo}}.git"}}]'
    )
    own_shell.require({"acme/new": "*"})
    assert own_shell.run("install").code == 0
    assert not (own_shell.home / "known").exists()
