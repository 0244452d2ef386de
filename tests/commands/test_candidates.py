"""Which candidates count: retracted ones, those for another Hemlock, the lowest; and what asking costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import CommandLine
from tests.support.git_repositories import package
from tests.support.github_server import GithubServer


@pytest.fixture
def shell(tmp_path: Path, github_server: GithubServer) -> Iterator[CommandLine]:
    """A shell in a project of its own, before a GitHub of its own."""
    with closing(CommandLine(tmp_path, github_server.environment())) as opened:
        yield opened


def publish(server: GithubServer, name: str, version: str, more: Mapping[str, Any]) -> None:
    """A version whose package.json also holds *more*."""
    files = package(name, version)
    manifest = files["package.json"]
    assert isinstance(manifest, dict)
    server.publish(name, f"v{version}", {**files, "package.json": {**manifest, **more}})


def locked(shell: CommandLine) -> dict[str, str]:
    """Each package in the lock with its version."""
    return {name: entry["version"] for name, entry in shell.lock()["dependencies"].items()}


def hemlock(folder: Path, version: str) -> Path:
    """A folder with a ``hemlock`` that calls itself *version*."""
    folder.mkdir()
    program = folder / "hemlock"
    program.write_text(f"#!/bin/sh\necho 'Hemlock version {version} (built Jan  1 2026 00:00:00)'\n")
    program.chmod(0o755)
    return folder


def test_retracted_version_is_passed_over_and_told(shell: CommandLine, github_server: GithubServer) -> None:
    """What the newest version takes back is not chosen, and the user reads why."""
    publish(github_server, "acme/a", "1.0.0", {})
    publish(github_server, "acme/a", "1.1.0", {})
    publish(github_server, "acme/a", "2.0.0", {"retracted": ["1.1.0", "nonsense!", 7]})
    shell.require({"acme/a": "^1.0.0"})
    ran = shell.run("install")
    assert ran.code == 0
    assert locked(shell) == {"acme/a": "1.0.0"}
    assert "acme/a@1.1.0 was retracted by its authors" in ran.err


def test_locked_version_stays_although_it_was_retracted(
    shell: CommandLine, github_server: GithubServer
) -> None:
    """A retraction does not move a lock, and a satisfying lock does not even ask."""
    publish(github_server, "acme/a", "1.1.0", {})
    shell.require({"acme/a": "^1.0.0"})
    assert shell.run("install").code == 0
    publish(github_server, "acme/a", "1.2.0", {"retracted": "1.1.0 is not a list"})
    publish(github_server, "acme/a", "1.3.0", {"retracted": ["<1.2.0"]})
    shell.delete_modules()
    github_server.clear_log()
    assert shell.run("install").code == 0
    assert locked(shell) == {"acme/a": "1.1.0"}
    assert not github_server.requests


def test_version_that_retracts_itself_is_passed_over(shell: CommandLine, github_server: GithubServer) -> None:
    """A newest version that names itself leaves the one before it."""
    publish(github_server, "acme/a", "1.0.0", {})
    publish(github_server, "acme/a", "1.1.0", {"retracted": [">=1.1.0"]})
    shell.require({"acme/a": "*"})
    assert shell.run("install").code == 0
    assert locked(shell) == {"acme/a": "1.0.0"}


@pytest.mark.parametrize(
    ("interpreter", "expected"), [("1.6.7", "1.0.0"), ("2.1.0", "1.1.0"), ("nonsense", "1.1.0")]
)
def test_version_for_another_hemlock_is_passed_over(
    shell: CommandLine, github_server: GithubServer, tmp_path: Path, interpreter: str, expected: str
) -> None:
    """The interpreter on the PATH decides; one that does not say its version decides nothing."""
    publish(github_server, "acme/a", "1.0.0", {"engines": {"hemlock": ">=1.0.0"}})
    publish(github_server, "acme/a", "1.1.0", {"engines": {"hemlock": ">=2.0.0"}})
    shell.require({"acme/a": "^1.0.0"})
    path = f"{hemlock(tmp_path / 'bin', interpreter)}:{shell.environ['PATH']}"
    assert shell.run("install", PATH=path).code == 0
    assert locked(shell) == {"acme/a": expected}


def test_conflict_names_the_hemlock_that_is_needed(
    shell: CommandLine, github_server: GithubServer, tmp_path: Path
) -> None:
    """If no version is for this interpreter, both versions of Hemlock stand in the message."""
    publish(github_server, "acme/a", "1.1.0", {"engines": {"hemlock": ">=2.0.0"}})
    shell.require({"acme/a": "^1.0.0"})
    path = f"{hemlock(tmp_path / 'bin', '1.6.7')}:{shell.environ['PATH']}"
    ran = shell.run("install", PATH=path)
    assert ran.code == 1
    assert "needs Hemlock >=2.0.0, and 1.6.7 is installed" in ran.err


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        ("highest", {"acme/a": "1.1.0", "acme/b": "1.2.0"}),
        ("lowest", {"acme/a": "1.0.0", "acme/b": "1.0.0"}),
        ("lowest-direct", {"acme/a": "1.0.0", "acme/b": "1.2.0"}),
    ],
)
def test_resolution_from_the_other_end(
    shell: CommandLine, github_server: GithubServer, direction: str, expected: dict[str, str]
) -> None:
    """``--resolution`` chooses anew from the end it names, whatever is locked, and is fresh when repeated."""
    for version in ("1.0.0", "1.1.0"):
        github_server.publish("acme/a", f"v{version}", dependencies={"acme/b": "^1.0.0"})
    for version in ("1.0.0", "1.2.0"):
        github_server.publish("acme/b", f"v{version}")
    shell.require({"acme/a": "^1.0.0"})
    assert shell.run("install").code == 0
    assert shell.run("install", "--resolution", direction).code == 0
    assert locked(shell) == expected
    assert shell.run("install", "--resolution", direction, "--json").data["tasks"] == []


def test_override_replaces_what_a_package_asks(shell: CommandLine, github_server: GithubServer) -> None:
    """An override of package.json holds against a package's own constraint, for one parent or for all."""
    github_server.publish("acme/a", "v1.0.0", dependencies={"acme/b": "^1.0.0"})
    for version in ("1.0.0", "2.0.0"):
        github_server.publish("acme/b", f"v{version}")
    document = '{"name": "me/app", "version": "1.0.0", "dependencies": {"acme/a": "*"}, "overrides": {%s}}'
    for overrides, expected in (
        ('"acme/b": "2.0.0"', "2.0.0"),
        ('"acme/a > acme/b": "*"', "2.0.0"),
        ('"acme/x > acme/b": "2.0.0"', "1.0.0"),
    ):
        shell.write("package.json", document % overrides)
        (shell.project / "package-lock.json").unlink(missing_ok=True)
        assert shell.run("install").code == 0
        assert locked(shell)["acme/b"] == expected
    shell.write("package.json", document % '"acme/b": "not a constraint"')
    ran = shell.run("install")
    assert ran.code == 5
    assert "overrides: 'acme/b' cannot be used" in ran.err


def test_thinking_ahead_costs_at_most_one_request_a_package(
    shell: CommandLine, github_server: GithubServer
) -> None:
    """Where the first candidates win: two requests a package and at most a redirect, no more."""
    github_server.publish(
        "acme/top", "v1.0.0", dependencies={f"acme/p{number}": "^1.0.0" for number in range(6)}
    )
    for number in range(6):
        needs = {"acme/base": "^1.0.0"} if number % 2 else {}
        github_server.publish(f"acme/p{number}", "v1.0.0", dependencies=needs)
    for version in ("1.0.0", "1.1.0"):
        github_server.publish("acme/base", f"v{version}")
    shell.require({"acme/top": "*"})
    assert shell.run("install").code == 0
    assert github_server.count("web /*git-upload-pack") == 8
    assert 1 <= github_server.count("web /*/archive/*") <= 8
    assert github_server.count("codeload *") == 8
    assert github_server.count("api *") == 0


def test_rejected_candidates_cost_one_request_each(shell: CommandLine, github_server: GithubServer) -> None:
    """A candidate whose requirement cannot be met costs its archive, and the bound of one ahead holds."""
    github_server.publish("acme/old", "v1.0.0")
    for minor in range(4):
        needs = {"acme/old": "^1.0.0" if minor == 0 else "^2.0.0"}
        github_server.publish("acme/a", f"v1.{minor}.0", dependencies=needs)
    shell.require({"acme/a": "^1.0.0"})
    assert shell.run("install").code == 0
    assert locked(shell) == {"acme/a": "1.0.0", "acme/old": "1.0.0"}
    packages, rejected = 2, 3
    assert github_server.count("web /*git-upload-pack") == packages
    assert packages + rejected <= github_server.count("codeload *") <= packages + rejected + packages
