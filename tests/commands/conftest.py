"""Fixtures of the commands: a shell, and a GitHub with a few packages in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.git_repositories import package
from tests.support.github_server import GithubServer, github
from tests.support.golden import Golden


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GithubServer]:
    """A GitHub that the tests share; nothing of it may be changed.

    ``acme/a`` requires ``acme/b``; ``acme/c`` and ``acme/d`` each other; ``acme/curl`` a library.
    """
    with github(tmp_path_factory.mktemp("catalogue")) as server:
        publish_all(server)
        yield server


def publish_all(server: GithubServer) -> None:
    """The packages of :func:`catalogue`."""
    server.publish("acme/a", "v1.0.0", dependencies={"acme/b": "^1.0.0"})
    server.publish("acme/a", "v1.1.0", dependencies={"acme/b": "^1.0.0"})
    for version in ("1.0.0", "1.2.0", "2.0.0"):
        server.publish("acme/b", f"v{version}")
    server.publish("acme/c", "v1.0.0", dependencies={"acme/d": "*"})
    server.publish("acme/d", "v1.0.0", dependencies={"acme/c": "*"})
    server.publish("acme/new", "v1.0.0")
    server.create("acme/empty")
    files = package("acme/curl", "1.0.0")
    manifest = {"name": "acme/curl", "version": "1.0.0", "native": {"requires": ["libcurl", "libssl"]}}
    server.publish("acme/curl", "v1.0.0", {**files, "package.json": manifest})


@pytest.fixture
def shell(tmp_path: Path, catalogue: GithubServer) -> Iterator[CommandLine]:
    """A shell in a project without anything, before the shared GitHub."""
    with closing(CommandLine(tmp_path, catalogue.environment())) as opened:
        yield opened


@pytest.fixture
def own_server(github_server: GithubServer) -> GithubServer:
    """The packages of :func:`catalogue` on a GitHub that the test may spoil."""
    publish_all(github_server)
    return github_server


@pytest.fixture
def own_shell(tmp_path: Path, own_server: GithubServer) -> Iterator[CommandLine]:
    """A shell in a project without anything, before a GitHub that the test may spoil."""
    with closing(CommandLine(tmp_path, own_server.environment())) as opened:
        yield opened


@pytest.fixture
def golden(pytestconfig: pytest.Config) -> Golden:
    """The kept texts."""
    return Golden(updating=bool(pytestconfig.getoption("--update-goldens")))
