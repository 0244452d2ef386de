"""GitHub's REST endpoints, each asked alone."""

from __future__ import annotations

import pytest

from hpmtasks.errors import NetworkFailure, PackageNotFound
from hpmtasks.model.package import PackageName
from hpmtasks.net.http import HttpFetcher
from hpmtasks.sources.github_api import ApiTransport
from tests.support.github_server import GithubServer
from tests.support.loopback_server import Reply
from tests.support.places import plain_environment

NAME = PackageName.parse("acme/json")


@pytest.fixture
def api(github_server: GithubServer) -> ApiTransport:
    """The API of a GitHub that has one package."""
    github_server.publish("acme/json", "v1.0.0")
    fetcher = HttpFetcher(plain_environment(github_server))
    github_server.at_end(fetcher.close)
    return ApiTransport(fetcher, github_server.api_url, None, {})


def test_repository_id_survives_a_rename(github_server: GithubServer, api: ApiTransport) -> None:
    """The number of a repository is the same under its old name and its new one."""
    number = github_server.repository_id("acme/json")
    assert api.repository_id(NAME) == number
    github_server.rename("acme/json", "acme/json5")
    assert api.repository_id(PackageName.parse("acme/json5")) == number


def test_repository_that_is_not_there_has_no_id(api: ApiTransport) -> None:
    """Asking for the number of a repository tells whether it exists."""
    with pytest.raises(PackageNotFound):
        api.repository_id(PackageName.parse("acme/nothing"))


def test_answer_without_a_number_is_not_githubs(github_server: GithubServer, api: ApiTransport) -> None:
    """A login page or a proxy in the place of the API is told as such."""
    github_server.fail("api *", Reply(200, b'{"id": "1"}'))
    with pytest.raises(NetworkFailure, match="does not answer as GitHub's API does"):
        api.repository_id(NAME)


def test_manifest_is_that_of_the_commit(github_server: GithubServer, api: ApiTransport) -> None:
    """package.json is read as it was at the commit that is asked for, not as it is now."""
    old = github_server.repository("acme/json").tags()["v1.0.0"]
    github_server.publish("acme/json", "v2.0.0")
    assert b'"1.0.0"' in (api.manifest(NAME, old) or b"")


def test_commit_without_manifest_has_none(github_server: GithubServer, api: ApiTransport) -> None:
    """A version without a package.json gives none, which is not the same as an empty one."""
    commit = github_server.publish("acme/json", "v3.0.0", {"README.md": "nothing else"})
    assert api.manifest(NAME, commit) is None
