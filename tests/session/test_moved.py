"""moves: everything that is locked and no longer means what it meant, in a whole project."""

from __future__ import annotations

from pathlib import Path

from hpmtasks.model.package import PackageName
from hpmtasks.project import Project
from hpmtasks.project.settings import Settings
from hpmtasks.project.state import State
from hpmtasks.session import Session
from hpmtasks.session.moved import moves
from tests.support.command_line import CommandLine
from tests.support.git_repositories import package
from tests.support.github_server import GithubServer


def test_moves_of_a_whole_project(tmp_path: Path, github_server: GithubServer) -> None:
    """What moved is found with both commits; what did not, or cannot be asked, is left out."""
    shell = CommandLine(tmp_path, github_server.environment())
    for name in ("acme/moved", "acme/still", "acme/gone", "acme/untagged"):
        github_server.publish(name, "v1.0.0")
    shell.require(dict.fromkeys(("acme/moved", "acme/still", "acme/gone", "acme/untagged"), "*"))
    assert shell.run("install").code == 0
    old = shell.lock()["dependencies"]["acme/moved"]["commit"]
    new = github_server.publish("acme/moved", None, {**package("acme/moved", "1.0.0"), "more": "1"})
    github_server.repository("acme/moved").tag("v1.0.0", new)
    github_server.repository("acme/untagged").delete_tag("v1.0.0")
    github_server.delete("acme/gone")

    project = Project.find(shell.project)
    session = Session(project, Settings.load(shell.environ), State(project.state_path))
    try:
        (found,) = moves(session)
        none = moves(session, [PackageName.parse("acme/still"), PackageName.parse("acme/unknown")])
    finally:
        session.close()

    assert str(found.package) == "acme/moved@1.0.0"
    assert found.now is not None
    assert (found.locked.commit, found.now.commit, found.repositories) == (old, new, None)
    assert none == []
