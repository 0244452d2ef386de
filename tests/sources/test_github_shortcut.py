"""Shortcut: what the addresses of archives are made of, from one of them."""

from __future__ import annotations

import pytest

from hpmtasks.model.package import PackageName
from hpmtasks.sources.github_shortcut import Shortcut

A, B = PackageName.parse("acme/a"), PackageName.parse("globex/b")
OLD, NEW = "1" * 40, "2" * 40


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            f"https://codeload.github.com/acme/a/tar.gz/{OLD}",
            f"https://codeload.github.com/globex/b/tar.gz/{NEW}",
        ),
        (
            f"http://127.0.0.1:1/x/acme/a/legacy.tar.gz/{OLD}.tgz",
            f"http://127.0.0.1:1/x/globex/b/legacy.tar.gz/{NEW}.tgz",
        ),
    ],
)
def test_an_address_shows_the_others(url: str, expected: str) -> None:
    """Package and commit are exchanged, and nothing else."""
    shortcut = Shortcut.of(url, A, OLD)
    assert shortcut is not None
    assert shortcut.to(A, OLD) == url
    assert shortcut.to(B, NEW) == expected


@pytest.mark.parametrize(
    "url",
    [
        f"https://codeload.github.com/acme/a/tar.gz/{OLD}?token=SECRET",
        f"https://codeload.github.com/globex/a/tar.gz/{OLD}",
        f"https://codeload.github.com/acme/a/tar.gz/{NEW}",
        f"https://codeload.github.com/{OLD}/acme/a/tar.gz",
        f"https://codeload.github.com/acme/a/{OLD}/{OLD}",
        "https://codeload.github.com/download/17",
    ],
)
def test_other_addresses_show_nothing(url: str) -> None:
    """One with a key in it, of another package or commit, or without them."""
    assert Shortcut.of(url, A, OLD) is None


def test_that_of_github_is_known() -> None:
    """Of no other server."""
    known = Shortcut.known("https://github.com")
    assert known is not None
    assert known.to(A, OLD) == f"https://codeload.github.com/acme/a/tar.gz/{OLD}"
    assert Shortcut.known("https://github.example") is None
