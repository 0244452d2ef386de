"""A clone for a question: commits without files, a credential for one server, and nothing left behind."""

from __future__ import annotations

import base64
import os
from io import BytesIO

import pytest

from hpmtasks.model.package import PackageName
from hpmtasks.sources.clone import Clone, Remote, fetch_history, told
from hpmtasks.sources.git_process import GitFailed
from tests.support.github_server import GithubServer


def remote(server: GithubServer, name: str = "acme/a", token: str = "") -> Remote:
    """The repository *name* of *server*."""
    basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    header = f"Authorization: Basic {basic}" if token else ""
    environ = {"PATH": os.environ["PATH"]}
    return Remote(f"{server.server_url}/{name}.git", "the place", ("http", "https"), environ, header)


def test_history_is_what_a_commit_is_built_upon(github_server: GithubServer) -> None:
    """Ancestors include the commit; a commit that no tag has any more is fetched; an unknown one has none."""
    first = github_server.publish("acme/a", "v1.0.0")
    lost = github_server.publish("acme/a", "v1.1.0")
    git = github_server.repository("acme/a")
    git.delete_tag("v1.1.0")
    git.git("update-ref", "refs/heads/main", first)
    with Clone(remote(github_server)) as clone:
        fetch_history(clone, lost)
        assert clone.ancestors(lost) == {first, lost}
        assert clone.ancestors("f" * 40) == frozenset()
        folder = clone.path
    assert not folder.exists()


def test_credential_reaches_its_server_and_no_other(github_server: GithubServer) -> None:
    """A private repository is read; where it redirects to, nothing is sent at all."""
    github_server.publish("acme/a", "v1.0.0")
    github_server.make_private("acme/a", "canary")
    with Clone(remote(github_server, token="canary")) as clone:
        clone.fetch("+refs/tags/*:refs/tags/*")
        assert clone.git("tag").split() == ["v1.0.0"]
    github_server.clear_log()
    github_server.redirect(
        "web /acme/a*", f"{github_server.codeload_url}/acme/a.git/info/refs?service=git-upload-pack"
    )
    with Clone(remote(github_server, token="canary")) as clone, pytest.raises(GitFailed):
        clone.fetch("+refs/tags/*:refs/tags/*")
    assert [request.place for request in github_server.requests] == ["web"]


def test_credential_is_on_no_command_line() -> None:
    """It is in the environment, behind what the user set there; and in no text of the remote."""
    environ = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "a.b", "GIT_CONFIG_VALUE_0": "c"}
    here = Remote("https://git.example/x.git", "git.example", ("https",), environ, "Authorization: canary")
    assert here.connecting()["GIT_CONFIG_VALUE_1"] == "Authorization: canary"
    assert here.connecting()["GIT_CONFIG_COUNT"] == "3"
    assert "canary" not in repr(here)


def test_archive_of_a_commit(github_server: GithubServer) -> None:
    """A tar below one folder; of a commit that is not there, a refusal."""
    commit = github_server.publish("acme/a", "v1.0.0")
    with Clone(remote(github_server)) as clone:
        clone.fetch(f"{commit}:refs/hpm/commit", shallow=True)
        tar = BytesIO()
        clone.archive(commit, tar)
        assert b"package/package.json" in tar.getvalue()
        with pytest.raises(GitFailed) as refused:
            clone.archive("f" * 40, BytesIO())
    said = told(refused.value, PackageName.parse("acme/a"), remote(github_server))
    assert "git could not read acme/a from the place" in str(said)
