"""Foresight: what is asked before anybody asks, and what is not."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from hpmtasks.model.package import PackageName
from hpmtasks.project import Project
from hpmtasks.project.settings import Settings
from hpmtasks.project.state import State
from hpmtasks.session import Session
from hpmtasks.session.foresight import foresee_newest, foresee_requirements
from hpmtasks.session.options import Options
from tests.support.command_line import CommandLine
from tests.support.github_server import GithubServer

A, B = PackageName.parse("acme/a"), PackageName.parse("acme/b")


@pytest.fixture
def shell(tmp_path: Path, github_server: GithubServer) -> CommandLine:
    """A project that requires acme/a, which requires acme/b; nothing is locked."""
    github_server.publish("acme/a", "v1.0.0", dependencies={"acme/b": "^1.0.0"})
    github_server.publish("acme/b", "v1.0.0")
    shell = CommandLine(tmp_path, {**github_server.environment(), "HPM_WORKERS": "0"})
    shell.require({"acme/a": "^1.0.0"})
    return shell


def _session(shell: CommandLine, options: Options | None = None) -> Session:
    project = Project.find(shell.project)
    return Session(project, Settings.load(shell.environ), State(project.state_path), options)


def _wait(session: Session, *names: PackageName) -> None:
    """What was begun for each of *names*, each of which the one before leads to, has ended."""
    for name in names:
        for key in (f"guess for {name}", f"foresight of {name}"):
            assert session.executor.knows(key)
            session.executor.collect(key, lambda: None)


def test_the_whole_tree_is_fetched_before_there_is_a_solver(
    shell: CommandLine, github_server: GithubServer
) -> None:
    """Tags and archives of what is required, and of what that requires in turn."""
    commits = {name: github_server.repository(str(name)).tags()["v1.0.0"] for name in (A, B)}
    with closing(_session(shell)) as session:
        foresee_requirements(session)
        _wait(session, A, B)
        assert all(session.store.find_archive(name, commit) for name, commit in commits.items())


def test_what_ran_ahead_was_not_asked_for(shell: CommandLine) -> None:
    """Tags that nobody has asked for yet are still to be read, for the task that records them."""
    with closing(_session(shell)) as session:
        foresee_requirements(session)
        _wait(session, A)
        assert not session.has_read_tags(A)
        assert len(session.tags(A).tags) == 1
        assert session.has_read_tags(A)


@pytest.mark.parametrize("options", [Options(locked=True), Options(frozen=True), Options(offline=True)])
def test_nothing_is_asked_where_nothing_may_be(
    shell: CommandLine, github_server: GithubServer, options: Options
) -> None:
    """Neither for a lock that has to stay as it is, nor without a network."""
    with closing(_session(shell, options)) as session:
        foresee_requirements(session)
        assert not session.executor.knows("tags of acme/a")
    assert github_server.count() == 0


def test_what_the_lock_answers_is_not_asked(shell: CommandLine, github_server: GithubServer) -> None:
    """Only the requirement that is new is followed; what it shares with the lock is not."""
    assert shell.run("install").code == 0
    github_server.publish("acme/c", "v1.0.0", dependencies={"acme/b": "^1.0.0"})
    github_server.clear_log()
    shell.require({"acme/a": "^1.0.0", "acme/c": "*"})
    with closing(_session(shell)) as session:
        foresee_requirements(session)
        _wait(session, PackageName.parse("acme/c"))
    assert {request.path.split("/")[2].removesuffix(".git") for request in github_server.requests} == {"c"}


def test_what_is_overridden_is_left_to_the_resolver(shell: CommandLine, github_server: GithubServer) -> None:
    """Which version will be chosen is not to be seen from the requirement."""
    document = json.loads((shell.project / "package.json").read_text())
    shell.write("package.json", json.dumps({**document, "overrides": {"other/one > Acme/B": "1.0.0"}}))
    with closing(_session(shell)) as session:
        foresee_requirements(session)
        _wait(session, A)
        assert not session.executor.knows("tags of acme/b")
    assert github_server.count("* /acme/b*") == 0


def test_an_unusable_package_json_is_left_to_a_task(shell: CommandLine) -> None:
    """It is told once, by whoever needs it."""
    shell.write("package.json", "{")
    with closing(_session(shell)) as session:
        foresee_requirements(session)


def test_the_newest_release_is_fetched_while_it_is_asked_for(
    shell: CommandLine, github_server: GithubServer
) -> None:
    """Whoever names no version gets the newest release, not a prerelease; what it requires comes as well."""
    github_server.publish("acme/a", "v1.1.0", dependencies={"acme/b": "^1.0.0"})
    github_server.publish("acme/a", "v2.0.0-rc.1")
    commits = {name: github_server.repository(str(name)).tags() for name in (A, B)}
    with closing(_session(shell)) as session:
        foresee_newest(session, A)
        _wait(session, A, B)
        assert session.store.find_archive(A, commits[A]["v1.1.0"])
        assert session.store.find_archive(B, commits[B]["v1.0.0"])
        assert not session.has_read_tags(A)
    assert github_server.count("codeload *") == 2
