"""The time in an archive: that of its commit, and nothing where there is none."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from hpmtasks.store.moment import commit_time
from tests.support.git_repositories import GitRepository


@pytest.mark.parametrize("compressed", [False, True])
def test_archive_that_git_made(tmp_path: Path, compressed: bool) -> None:
    """All its entries have the commit's time, behind a global header."""
    git = GitRepository(tmp_path / "a.git")
    git.publish(None, {"a": "1"})
    commit = git.publish(None, {"a": "2"})
    tar = git.git("archive", "--format=tar", "--prefix=top/", commit)
    path = tmp_path / "archive"
    path.write_bytes(gzip.compress(tar) if compressed else tar)
    assert commit_time(path) == 1_700_000_001


@pytest.mark.parametrize("data", [b"", b"<html>", b"\x1f\x8bdamaged", bytes(10_240), b"x" * 5000])
def test_what_is_no_archive(tmp_path: Path, data: bytes) -> None:
    """Nothing is known of it."""
    path = tmp_path / "archive"
    path.write_bytes(data)
    assert commit_time(path) is None


def test_file_that_is_gone(tmp_path: Path) -> None:
    """Neither."""
    assert commit_time(tmp_path / "nowhere") is None
