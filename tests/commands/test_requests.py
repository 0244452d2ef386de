"""What an installation asks of the network: as little as possible, and nothing that is not described."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import CommandLine
from tests.support.github_server import GithubServer

DESCRIPTION = Path(__file__).resolve().parents[2].parent / "shared/conformance/github-openapi.json"
TREE = {"acme/a": "1.1.0", "acme/b": "1.2.0"}


def asked(server: GithubServer) -> Counter[str]:
    """How many requests of each kind reached *server*, which forgets them."""
    kinds = Counter(
        f"{request.method} {request.place} {request.path.strip('/').split('/')[2]}"
        for request in server.requests
    )
    server.clear_log()
    return kinds


@pytest.fixture
def small(own_server: GithubServer) -> GithubServer:
    """A GitHub on which the highest version always wins."""
    own_server.repository("acme/b").delete_tag("v2.0.0")
    return own_server


def test_cold_installation_by_git_takes_two_requests_for_each_package(
    own_shell: CommandLine, small: GithubServer
) -> None:
    """One for the tags and one for the archive; until a link has shown the way, GitHub redirects it."""
    own_shell.require({"acme/a": "*", "acme/new": "*"})

    assert own_shell.run("install").code == 0

    counted = asked(small)
    assert 1 <= counted.pop("GET web archive") <= 3
    assert counted == {"POST web git-upload-pack": 3, "GET codeload tar.gz": 3}


def test_satisfying_lock_takes_archives_only(own_shell: CommandLine, small: GithubServer) -> None:
    """On a machine with an empty store, a lock leaves nothing to ask but the archives."""
    own_shell.require({"acme/a": "*"})
    own_shell.run("install")
    own_shell.delete_modules()
    asked(small)

    assert own_shell.run("install", HPM_CACHE_DIR=str(own_shell.folder / "fresh")).code == 0

    counted = asked(small)
    assert 1 <= counted.pop("GET web archive") <= 2
    assert counted == {"GET codeload tar.gz": 2}
    assert own_shell.installed() == TREE


@pytest.mark.parametrize("lost", ["nothing", "hem_modules", ".hpm"])
def test_full_store_and_lock_ask_nothing(own_shell: CommandLine, small: GithubServer, lost: str) -> None:
    """With everything at hand no request is made, whatever of the project has to be made anew."""
    own_shell.require({"acme/a": "*"})
    own_shell.run("install")
    asked(small)
    if lost != "nothing":
        (own_shell.project / lost).rename(own_shell.folder / "away")

    assert own_shell.run("install").code == 0

    assert asked(small) == {}
    assert own_shell.installed() == TREE


def test_added_package_costs_its_own_requests_only(own_shell: CommandLine, small: GithubServer) -> None:
    """What is locked already is not asked for again."""
    own_shell.require({"acme/a": "*"})
    own_shell.run("install")
    asked(small)

    assert own_shell.run("install", "acme/new").code == 0

    assert asked(small) == {"POST web git-upload-pack": 1, "GET web archive": 1, "GET codeload tar.gz": 1}


def test_rejected_candidate_costs_one_more_archive(own_shell: CommandLine, own_server: GithubServer) -> None:
    """Where the highest version does not fit, looking at it is the only extra request, if any."""
    own_shell.require({"acme/a": "*"})

    assert own_shell.run("install").code == 0

    counted = asked(own_server)
    assert counted["POST web git-upload-pack"] == 2
    assert 2 <= counted["GET codeload tar.gz"] <= 3


def test_lower_version_costs_one_more_archive(own_shell: CommandLine, own_server: GithubServer) -> None:
    """Where a higher version exists than may be installed, its word on retractions is read too."""
    own_shell.require({"acme/a": "*"})

    assert own_shell.run("install").code == 0

    counted = asked(own_server)
    assert 1 <= counted.pop("GET web archive") <= 3
    assert counted == {"POST web git-upload-pack": 2, "GET codeload tar.gz": 3}


@pytest.mark.skipif(not DESCRIPTION.exists(), reason="GitHub's description is not at hand")
def test_api_is_asked_only_what_github_describes(own_shell: CommandLine, own_server: GithubServer) -> None:
    """Each request to the API is a described method, path and query."""
    paths: dict[str, Any] = json.loads(DESCRIPTION.read_text())["paths"]
    own_server.repository("acme/new").tag_many(
        [f"v1.{minor}.0" for minor in range(1, 150)], own_server.repository("acme/new").tags()["v1.0.0"]
    )
    own_shell.require({"acme/a": "*", "acme/new": "*"})

    assert own_shell.run("install", HPM_GITHUB_TRANSPORT="api").code == 0

    to_api = [request for request in own_server.requests if request.place == "api"]
    assert own_server.count("web *") == 0
    assert {described(paths, request.method, request.path, request.query) for request in to_api} == {
        "/repos/{owner}/{repo}",
        "/repos/{owner}/{repo}/tags",
        "/repos/{owner}/{repo}/tarball/{ref}",
    }


def described(paths: dict[str, Any], method: str, path: str, query: dict[str, str]) -> str:
    """The template of *path*, which has *method* and every field of *query*."""
    # Further pages are linked by the repository's number; it is the same resource.
    path = re.sub(r"^/repositories/\d+", "/repos/owner/repo", path)
    for template, operations in sorted(paths.items(), key=lambda item: item[0].count("{")):
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path) and method.lower() in operations:
            known = {each["name"] for each in operations[method.lower()]["parameters"]}
            assert set(query) <= known, f"{method} {path} has no {set(query) - known}"
            return template
    raise AssertionError(f"{method} {path} is not described")
