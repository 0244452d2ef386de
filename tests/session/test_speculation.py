"""Speculation: what default branches require is asked ahead, and changes nothing but the time."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from hpmtasks.errors import InvalidSetting
from hpmtasks.model.package import PackageName
from hpmtasks.project import Project
from hpmtasks.project.settings import Settings
from hpmtasks.project.state import State
from hpmtasks.session import Session, speculation
from hpmtasks.session.foresight import foresee_requirements
from tests.support.command_line import CommandLine
from tests.support.git_repositories import Content, package
from tests.support.github_server import GithubServer
from tests.support.loopback_server import Reply

CHAIN = ["acme/a", "acme/b", "acme/c"]
GLIMPSES = "web /raw/*"


def _shell(folder: Path, server: GithubServer, mode: str = "on") -> CommandLine:
    """A project that requires the first of :data:`CHAIN`, of which each requires the next."""
    shell = CommandLine(folder, {**server.environment(), "HPM_SPECULATION": mode})
    shell.require({CHAIN[0]: "^1.0.0"})
    return shell


@pytest.fixture
def server(github_server: GithubServer) -> GithubServer:
    """A GitHub with :data:`CHAIN`; what was released last is on the default branches."""
    for name, needed in zip(CHAIN, [*CHAIN[1:], None], strict=True):
        github_server.publish(name, "v1.0.0", dependencies={needed: "^1.0.0"} if needed else None)
    return github_server


def _session(shell: CommandLine) -> Session:
    project = Project.find(shell.project)
    return Session(project, Settings.load(shell.environ), State(project.state_path))


def _asked_for(server: GithubServer) -> set[str]:
    """The repositories whose tags were asked for."""
    paths = (request.path for request in server.requests if request.path.endswith("upload-pack"))
    return {path.strip("/").partition(".git")[0] for path in paths}


def test_tags_of_the_whole_tree_are_read_before_any_archive_came(
    server: GithubServer, tmp_path: Path
) -> None:
    """No archive is answered, and the tags at the bottom of the tree are there."""
    archives = server.hold("codeload *", times=None)
    with closing(_session(_shell(tmp_path, server))) as session:
        foresee_requirements(session)
        for name in CHAIN:
            session.executor.collect(f"glimpse of {name}", lambda: None)
        assert session.executor.knows("tags of acme/c")
        assert len(session.tags(PackageName.parse("acme/c")).tags) == 1
        archives.set()


@pytest.mark.parametrize("lie", ["nothing", "others", "nonsense", "gone", "endless"])
def test_a_default_branch_that_lies_changes_nothing(server: GithubServer, tmp_path: Path, lie: str) -> None:
    """The same lock, the same packages, the same output as without asking; and no archive more."""
    plain = _shell(tmp_path / "plain", server, "off")
    assert plain.run("install").code == 0
    assert server.count(GLIMPSES) == 0
    server.publish("acme/other", "v1.0.0")
    lies: dict[str, dict[str, Content]] = {
        "nothing": package("acme/a", "9.0.0"),
        "others": package("acme/a", "9.0.0", {"acme/other": "*", "acme/b": "^9.0.0", "acme/none": "1.0.0"}),
        "nonsense": {"package.json": "{"},
        "gone": {"README.md": "no package"},
        "endless": {"package.json": " " * (2 * 1024 * 1024)},
    }
    server.publish("acme/a", None, lies[lie])
    server.clear_log()

    shell = _shell(tmp_path / "on", server)
    ran = shell.run("install")

    assert (ran.code, ran.err) == (0, "")
    assert (shell.project / "package-lock.json").read_bytes() == (
        plain.project / "package-lock.json"
    ).read_bytes()
    assert shell.installed() == plain.installed() == dict.fromkeys(CHAIN, "1.0.0")
    assert server.count("codeload *") == 3


def test_it_ends_with_the_first_refusal(server: GithubServer, tmp_path: Path) -> None:
    """A server that has enough of the questions is asked no more, and nobody is told."""
    server.fail(GLIMPSES, Reply(429, b"", {"Retry-After": "1"}), times=None)
    shell = _shell(tmp_path, server)
    ran = shell.run("install")
    assert (ran.code, ran.err) == (0, "")
    assert server.count(GLIMPSES) == 1


def test_nobody_waits_for_it(server: GithubServer, tmp_path: Path) -> None:
    """A server that keeps the question, as behind a firewall that drops it, does not keep the run."""
    never = server.hold(GLIMPSES, times=None)
    shell = _shell(tmp_path, server)
    ran = shell.process("install")
    assert (ran.code, ran.err) == (0, "")
    assert shell.installed() == dict.fromkeys(CHAIN, "1.0.0")
    never.set()


def test_it_sends_no_token(server: GithubServer, tmp_path: Path) -> None:
    """What only a token shows is not looked at."""
    server.tokens.add("ghp_canary")
    shell = _shell(tmp_path, server)
    assert shell.run("install", GITHUB_TOKEN="ghp_canary").code == 0
    looked = [request for request in server.requests if request.path.startswith("/raw/")]
    assert len(looked) == 3
    assert not any(request.token for request in looked)


def test_what_the_lock_answers_is_not_looked_at(server: GithubServer, tmp_path: Path) -> None:
    """With a lock nothing is speculated about."""
    shell = _shell(tmp_path, server)
    assert shell.run("install").code == 0
    server.clear_log()
    shell.delete_modules()
    assert shell.run("install", HPM_CACHE_DIR=str(tmp_path / "fresh")).code == 0
    assert server.count(GLIMPSES) == 0
    assert _asked_for(server) == set()


def test_questions_are_bounded(
    github_server: GithubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither more default branches nor more names than the most are asked for."""
    monkeypatch.setattr(speculation, "MOST", 2)
    monkeypatch.setattr(speculation, "MOST_NAMES", 3)
    names = [f"acme/p{number}" for number in range(6)]
    github_server.publish("acme/a", "v1.0.0")
    github_server.publish("acme/a", None, package("acme/a", "1.0.0", dict.fromkeys(names, "*")))
    for name in names:
        github_server.publish(name, "v1.0.0")
    assert _shell(tmp_path, github_server).run("install").code == 0
    assert github_server.count(GLIMPSES) <= 2
    assert len(_asked_for(github_server)) <= 1 + 3


def test_by_the_api_there_is_none(server: GithubServer, tmp_path: Path) -> None:
    """Each question to the API counts against a limit."""
    assert _shell(tmp_path, server).run("install", HPM_GITHUB_TRANSPORT="api").code == 0
    assert server.count("web *") == 0


def test_an_unknown_mode_is_named(server: GithubServer, tmp_path: Path) -> None:
    """HPM_SPECULATION is auto, on or off."""
    with pytest.raises(InvalidSetting, match="HPM_SPECULATION"):
        Settings.load(_shell(tmp_path, server, "perhaps").environ)
