"""Folders as packages."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from hpmtasks.errors import IntegrityMismatch, PackageNotFound, StorageFailure
from hpmtasks.model.package import PackageName
from hpmtasks.semver.version import Version
from hpmtasks.sources.directory import DirectorySource
from tests.support.places import archive_of

NAME = PackageName.parse("acme/json")
ONE = Version.parse("1.0.0")


@pytest.fixture
def version(tmp_path: Path) -> Path:
    """The folder of version 1.0.0."""
    folder = tmp_path / "acme/json/1.0.0"
    (folder / "src").mkdir(parents=True)
    (folder / "package.json").write_text("{}")
    (folder / "src/index.hml").write_text("one")
    return folder


def commit(base: Path) -> str:
    return DirectorySource(str(base)).tags(NAME).tags[0].commit


@pytest.mark.parametrize("change", ["content", "name", "mode", "more", "less", "link"])
def test_every_change_is_another_commit(tmp_path: Path, version: Path, change: str) -> None:
    """Content, name, executable bit, number of files and links all count."""
    before = commit(tmp_path)
    index = version / "src/index.hml"
    if change == "content":
        index.write_text("two")
    elif change == "name":
        index.rename(version / "src/other.hml")
    elif change == "mode":
        index.chmod(0o755)
    elif change == "more":
        (version / "empty").touch()
    elif change == "less":
        index.unlink()
    else:
        (version / "link").symlink_to("package.json")
    assert commit(tmp_path) != before


def test_touching_is_no_change(tmp_path: Path, version: Path) -> None:
    """Times, other permission bits, empty folders and what git or hpm leave there do not count."""
    before = commit(tmp_path)
    os.utime(version / "package.json", (1, 1))
    (version / "package.json").chmod(0o600)
    for left_out in (".git", ".hpm", "hem_modules", "empty"):
        (version / left_out).mkdir()
    for left_out in (".git", ".hpm", "hem_modules"):
        (version / left_out / "x").touch()
    assert commit(tmp_path) == before


def test_archive_is_the_same_bytes_every_time(tmp_path: Path, version: Path) -> None:
    """No time, owner or order of the disk gets into it."""
    archives = []
    for moment in (1, 2_000_000_000):
        os.utime(version / "package.json", (moment, moment))
        into = io.BytesIO()
        DirectorySource(str(tmp_path)).archive(NAME, commit(tmp_path), version=ONE, into=into)
        archives.append(into.getvalue())
    assert archives[0] == archives[1]
    with tarfile.open(fileobj=io.BytesIO(archives[0])) as tar:
        members = [(member.name, member.uid, member.mtime) for member in tar]
    assert members == [("json-1.0.0/package.json", 0, 0), ("json-1.0.0/src/index.hml", 0, 0)]


def test_links_are_never_followed(tmp_path: Path, version: Path) -> None:
    """A link stays a link, and neither a linked folder nor a linked version is entered."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/key").write_text("secret")
    (version / "file").symlink_to(tmp_path / "secret/key")
    (version / "folder").symlink_to(tmp_path / "secret")
    (version.parent / "2.0.0").symlink_to(tmp_path / "secret")
    source = DirectorySource(str(tmp_path))
    assert [str(tag.version) for tag in source.tags(NAME).tags] == ["1.0.0"]
    found = archive_of(source, "acme/json", commit(tmp_path), "1.0.0")
    assert not any(b"secret" in content for mode, content in found.values() if mode != 0o120000)
    assert found["file"] == (0o120000, str(tmp_path / "secret/key").encode())


def test_changed_folder_is_not_taken_for_the_locked_one(tmp_path: Path, version: Path) -> None:
    """The error tells both digests and how to accept the new content."""
    locked = commit(tmp_path)
    (version / "package.json").write_text("changed")
    with pytest.raises(IntegrityMismatch, match=r"hpm update acme/json") as changed:
        archive_of(DirectorySource(str(tmp_path)), "acme/json", locked, "1.0.0")
    assert (changed.value.expected, changed.value.actual) == (locked, commit(tmp_path))


def test_removed_version_is_not_found(tmp_path: Path, version: Path) -> None:
    """The package is there and the version is not."""
    with pytest.raises(PackageNotFound, match=r"2\.0\.0"):
        archive_of(DirectorySource(str(tmp_path)), "acme/json", commit(tmp_path), "2.0.0")


def test_placeholders_say_where_the_names_go(tmp_path: Path, version: Path) -> None:
    """With them the layout is free; without, owner/repo is put behind the path."""
    version.parent.rename(tmp_path / "lib-json-of-acme")
    source = DirectorySource(f"{tmp_path}/lib-{{repo}}-of-{{owner}}")
    assert len(source.tags(NAME).tags) == 1


def test_unreadable_folder_is_told(tmp_path: Path) -> None:
    """A path that cannot be one is a failure of the disk, not a traceback."""
    with pytest.raises(StorageFailure, match="cannot be read"):
        DirectorySource(str(tmp_path / ("x" * 300))).tags(NAME)


def test_file_in_place_of_a_package_is_no_package(tmp_path: Path) -> None:
    """It has no versions to list."""
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme/json").touch()
    with pytest.raises(PackageNotFound, match="acme/json"):
        DirectorySource(str(tmp_path)).tags(NAME)
