"""The stand-in and the client against GitHub's own description of its API."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_schema_validator import OAS30Validator

from hpmtasks.model.package import PackageName
from hpmtasks.sources.github import GithubSource
from tests.support.github_server import GithubServer
from tests.support.places import Place, archive_of

DESCRIPTION = Path(__file__).resolve().parents[2].parent / "shared/conformance/github-openapi.json"
NAME = PackageName.parse("acme/json")

pytestmark = pytest.mark.skipif(not DESCRIPTION.exists(), reason="GitHub's description is not at hand")


@pytest.fixture(scope="module")
def paths() -> dict[str, Any]:
    """The described paths."""
    described: dict[str, Any] = json.loads(DESCRIPTION.read_text())["paths"]
    return described


@pytest.fixture
def server(github_server: GithubServer) -> GithubServer:
    """A GitHub with a package of three tags, and one that was renamed."""
    for tag in ("v1.0.0", "v1.1.0", "v1.2.0"):
        github_server.publish("acme/json", tag)
    github_server.publish("acme/old", "v1.0.0")
    github_server.rename("acme/old", "acme/new")
    return github_server


def described(paths: dict[str, Any], target: str) -> tuple[str, dict[str, Any]]:
    """The template that *target* is an instance of, and its GET; the most literal template wins."""
    path = target.partition("?")[0]
    # What moved repositories and further pages are reached by is the same resource by its number.
    path = re.sub(r"^/repositories/\d+", "/repos/owner/repo", path)
    for template in sorted(paths, key=lambda each: each.count("{")):
        pattern = re.sub(r"\{(path|ref)\\\}", r".+", re.escape(template).replace("\\{", "{"))
        pattern = re.sub(r"\{\w+\\\}", r"[^/]+", pattern)
        if re.fullmatch(pattern, path) and "get" in paths[template]:
            return template, paths[template]["get"]
    raise AssertionError(f"GET {path} is not described")


def check(operation: dict[str, Any], answer: httpx.Response) -> None:
    """The status is described for the operation, and the body fits its schema."""
    response = operation["responses"][str(answer.status_code)]
    content = response.get("content", {})
    if "application/json" in content and "raw" not in answer.headers["content-type"]:
        OAS30Validator(content["application/json"]["schema"]).validate(answer.json())


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/rate_limit", 200),
        ("/repos/acme/json", 200),
        ("/repos/acme/old", 301),
        ("/repos/acme/none", 404),
        ("/repos/acme/json/tags", 200),
        ("/repos/acme/json/tags?per_page=2", 200),
        ("/repositories/1001/tags?per_page=2&page=2", 200),
        ("/repos/acme/json/contents/package.json?ref=v1.0.0", 200),
        ("/repos/acme/json/contents/nothing.json?ref=v1.0.0", 404),
        ("/repos/acme/json/tarball/v1.0.0", 302),
    ],
)
def test_stand_in_answers_as_described(
    paths: dict[str, Any], server: GithubServer, target: str, status: int
) -> None:
    """Each endpoint's status and body are what GitHub says they are."""
    answer = httpx.get(server.api_url + target)
    assert answer.status_code == status
    check(described(paths, target)[1], answer)


def test_stand_in_refuses_as_described(paths: dict[str, Any], server: GithubServer) -> None:
    """The body of an exhausted limit is GitHub's kind of error."""
    server.exhaust()
    answer = httpx.get(f"{server.api_url}/repos/acme/json")
    assert answer.status_code == 403
    check(described(paths, "/repos/acme/json")[1], answer)


def requests_of_the_client(server: GithubServer, folder: Path) -> Iterator[str]:
    """Every target that the client asks the API for."""
    access = Place("x", server, folder, "api").access()
    source = GithubSource(access.github, access.fetcher, access.answers)
    commit = source.tags(NAME).tags[0].commit
    source._api.manifest(NAME, commit)
    archive_of(source, "acme/json", commit)
    return (request.target for request in server.requests if request.place == "api")


def test_client_asks_only_what_is_described(
    paths: dict[str, Any], server: GithubServer, tmp_path: Path
) -> None:
    """Every request of the client is a described GET, with described query parameters."""
    asked = list(requests_of_the_client(server, tmp_path))
    templates = []
    for target in asked:
        template, operation = described(paths, target)
        templates.append(template)
        queries = {each["name"] for each in operation.get("parameters", []) if each["in"] == "query"}
        assert set(httpx.URL(target).params) <= queries
    assert templates == [
        "/repos/{owner}/{repo}",
        "/repos/{owner}/{repo}/tags",
        "/repos/{owner}/{repo}/contents/{path}",
        "/repos/{owner}/{repo}/tarball/{ref}",
    ]


def test_client_names_itself_and_the_version_of_the_api(server: GithubServer, tmp_path: Path) -> None:
    """GitHub rejects requests without User-Agent and may change what has no version."""
    list(requests_of_the_client(server, tmp_path))
    for request in server.requests:
        if request.place == "api":
            assert request.headers["user-agent"].startswith("hpm/")
            assert request.headers["x-github-api-version"] == "2022-11-28"
