"""Which URLs git is given, and which never."""

from __future__ import annotations

import pytest

from hpmtasks.errors import InvalidSetting
from hpmtasks.model.package import PackageName
from hpmtasks.sources.git_url import GitUrl

NAME = PackageName.parse("acme/json")


@pytest.mark.parametrize(
    ("template", "kind", "url"),
    [
        ("https://git.example/{owner}/{repo}.git", "https", "https://git.example/acme/json.git"),
        ("https://git.example:8443/x/{repo}", "https", "https://git.example:8443/x/json"),
        ("ssh://git@git.example:22/{owner}/{repo}", "ssh", "ssh://git@git.example:22/acme/json"),
        ("git@git.example:{owner}/{repo}.git", "ssh", "git@git.example:acme/json.git"),
        ("git.example:{owner}/{repo}.git", "ssh", "git.example:acme/json.git"),
        ("http://127.0.0.1:1/{owner}/{repo}.git", "http", "http://127.0.0.1:1/acme/json.git"),
        ("file:///srv/git/{owner}/{repo}.git", "file", "file:///srv/git/acme/json.git"),
        ("/srv/my git/{owner}/{repo}.git", "file", "/srv/my git/acme/json.git"),
    ],
)
def test_usual_forms_are_understood(template: str, kind: str, url: str) -> None:
    """https, ssh in both spellings, http to this machine, and paths."""
    parsed = GitUrl.parse(template, "test")
    assert (parsed.kind, parsed.of(NAME)) == (kind, url)


@pytest.mark.parametrize(
    "template",
    [
        "",
        "-oProxyCommand=x:{repo}",
        "--upload-pack=x",
        "ssh://-oProxyCommand=x/{repo}",
        "ssh://-x@h/{repo}",
        "-x@h:{repo}",
        "ext::sh -c x",
        "ext::sh%20{repo}",
        "fd::17/{repo}",
        "git://h/{repo}",
        "http://git.example/{repo}",
        "ftp://h/{repo}",
        "https://user@h/{repo}",
        "https://user:secret@h/{repo}",
        "ssh://git:secret@h/{repo}",
        "https://h/{repo}?x",
        "https://h/{repo}#x",
        "https:///{repo}",
        "https://h:x/{repo}",
        "https://h/a b",
        "https://h/\n{repo}",
        "file://host/{repo}",
        "C:\\git\\{repo}",
        "./{repo}",
        "h::x{repo}",
    ],
)
def test_dangerous_and_senseless_forms_are_refused(template: str) -> None:
    """Options, remote helpers, logins, unprotected hosts: named with their origin, without the password."""
    with pytest.raises(InvalidSetting, match="origin of it") as refused:
        GitUrl.parse(template, "origin of it")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("template", "is_public"),
    [
        ("https://h/{repo}", True),
        ("git@host:{repo}", True),
        ("http://localhost/{repo}", False),
        ("/x/{repo}", False),
    ],
)
def test_public_urls_mean_the_same_everywhere(template: str, is_public: bool) -> None:
    """Only those may stand in a lockfile."""
    assert GitUrl.parse(template, "test").is_public == is_public


def test_path_of_a_file_url_is_decoded() -> None:
    """%20 is a blank on disk."""
    assert GitUrl.parse("file:///my%20git/{owner}/{repo}", "test").local_path(NAME) == "/my git/acme/json"
