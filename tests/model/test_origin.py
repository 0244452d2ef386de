"""Where a locked package comes from, read off its address in the lock."""

from __future__ import annotations

import pytest
from packageurl import PackageURL

from hpmtasks.model.lock_entry import LockEntry
from hpmtasks.model.origin import package_url, repository_key, repository_url
from hpmtasks.model.package import PackageName
from hpmtasks.semver.version import Version

COMMIT = "c" * 40
NAME = PackageName.parse("Acme/a.b")


def entry(resolved: str, version: str = "1.0.0") -> LockEntry:
    """An entry with the address *resolved*."""
    return LockEntry(Version.parse(version), resolved, commit=COMMIT)


@pytest.mark.parametrize(
    ("resolved", "url", "key"),
    [
        (
            "https://github.com/Acme/a.b/archive/refs/tags/v1.0.0.tar.gz",
            "https://github.com/Acme/a.b",
            "github.com/acme/a.b",
        ),
        ("https://git.example/x/a.git#" + COMMIT, "https://git.example/x/a.git", "git.example/x/a"),
        ("git@git.example:x/a.git#" + COMMIT, "git@git.example:x/a.git", "git.example/x/a"),
        ("ssh://git@git.example/x/a#" + COMMIT, "ssh://git@git.example/x/a", "git.example/x/a"),
        ("git:Acme/a.b#" + COMMIT, None, ""),
        ("directory:Acme/a.b@1.0.0", None, ""),
        ("anything", None, ""),
    ],
)
def test_repository_of_an_address(resolved: str, url: str | None, key: str) -> None:
    """What the address says, and one spelling for all of its kind; nothing where it says nothing."""
    assert repository_url(entry(resolved)) == url
    assert repository_key(url) == key


@pytest.mark.parametrize(
    ("resolved", "version", "purl"),
    [
        (
            "https://github.com/Acme/a.b/archive/refs/tags/v1.0.0.tar.gz",
            "1.0.0",
            "pkg:github/acme/a.b@v1.0.0",
        ),
        (
            "https://github.com/Acme/a.b/archive/refs/tags/1.0.0+x.tar.gz",
            "1.0.0+x",
            "pkg:github/acme/a.b@1.0.0%2Bx",
        ),
        ("directory:Acme/a.b@1.0.0", "1.0.0", "pkg:generic/Acme/a.b@1.0.0"),
    ],
)
def test_purl(resolved: str, version: str, purl: str) -> None:
    """The purl is canonical: who reads it writes the same."""
    made = package_url(NAME, entry(resolved, version))
    assert made == purl
    assert PackageURL.from_string(made).to_string() == purl


def test_purl_of_a_git_server_has_the_commit() -> None:
    """The address and the commit are its vcs_url."""
    made = package_url(NAME, entry(f"https://git.example/x/a.git#{COMMIT}"))
    assert PackageURL.from_string(made).qualifiers == {"vcs_url": f"git+https://git.example/x/a.git@{COMMIT}"}
