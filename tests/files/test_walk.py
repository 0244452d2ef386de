"""What a walk finds, and which folders it reads."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from hpmtasks.errors import StorageFailure
from hpmtasks.files.globs import GlobSet, glob_set, parse_globs
from hpmtasks.files.walk import walk
from tests.support.git_ignoring import files_left_by_git
from tests.support.glob_reference import NAMES, PATTERNS, fits_by_definition

FILES = sorted(
    [f"{first}/{second}/x.{third}" for first in NAMES for second in NAMES for third in NAMES]
    + [f"{first}/{second}.a" for first in NAMES for second in NAMES]
    + [f"x{first}" for first in NAMES]
)
#: Lines as people write them, and some that only a specification thinks of.
LINES = (
    *(
        "a",
        "/a",
        "a/",
        "*.a",
        "!*.a",
        "/a/b",
        "a/b/",
        "**/b",
        "a/**",
        "a/**/x.a",
        "x*",
        "!x.a",
        "b/*",
        "!b/a",
    ),
    *(
        "*",
        "!*/",
        "!a",
        "/*",
        "!/a/",
        "# a",
        "",
        "  ",
        "a ",
        "\\a",
        "\\!a",
        "[ab]/",
        "[!a]*",
        "x.?",
        "**",
        "/",
    ),
    *(".c", "!.c/", "x.{a,b}", "a\\", "*.b/", "**/a/**", "a**b", "!**/x.b", "\\#", "a\r"),
)


def fill(root: Path, files: list[str]) -> None:
    """Each of *files* is below *root*, and holds its name."""
    for path in files:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)


def paths(root: Path, *patterns: str, but: str | None = None, heeding: str | None = None) -> list[str]:
    """The paths of what *patterns* take."""
    without = glob_set((but,)) if but else None
    return [found.path for found in walk(str(root), glob_set(patterns), but=without, heeding=heeding)]


@pytest.fixture(scope="module")
def wood(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with :data:`FILES`."""
    root = tmp_path_factory.mktemp("wood")
    fill(root, FILES)
    return root


@given(patterns=PATTERNS, but=PATTERNS)
@settings(max_examples=80, deadline=None)
def test_a_walk_finds_what_fits(wood: Path, patterns: list[str], but: list[str]) -> None:
    """No folder is left out that has something to be found, and nothing else is found; sorted."""
    found = walk(str(wood), GlobSet(parse_globs(patterns)), but=GlobSet(parse_globs(but)))
    assert [each.path for each in found] == [
        path for path in FILES if fits_by_definition(patterns, path) and not fits_by_definition(but, path)
    ]


@given(
    at_root=st.lists(st.sampled_from(LINES), max_size=5),
    below=st.lists(st.sampled_from(LINES), max_size=3),
)
@example(at_root=["*", "!*/", "!*.a"], below=["!x.b"])
@example(at_root=["a/**", "!a/b/"], below=["!x.a"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_gitignore_means_what_git_says(wood: Path, at_root: list[str], below: list[str]) -> None:
    """Whatever stands in two .gitignore files, those files are left that git would add."""
    (wood / ".gitignore").write_text("\n".join(at_root), newline="")
    (wood / "a/.gitignore").write_text("\n".join(below) + "\n", newline="")
    try:
        assert paths(wood, "**", heeding="") == files_left_by_git(wood)
    finally:
        (wood / ".gitignore").unlink()
        (wood / "a/.gitignore").unlink()


def test_gitignore_counts_from_where_it_is_asked_for(tmp_path: Path) -> None:
    """Files above are heeded, but they cannot leave out the folder itself that is asked for."""
    fill(tmp_path, ["packages/app/src/x", "packages/app/x.log", "packages/app/dist/y", "packages/lib/x"])
    (tmp_path / ".gitignore").write_text("*.log\npackages/lib\npackages/app\n")
    (tmp_path / "packages/.gitignore").write_text("dist/\n")
    assert paths(tmp_path, "packages/app/**", heeding="packages/app") == ["packages/app/src/x"]
    assert paths(tmp_path, "packages/app/**", heeding="") == []
    assert len(paths(tmp_path, "packages/app/**")) == 3


def test_what_belongs_to_hpm_and_git_is_never_found(tmp_path: Path) -> None:
    """At any depth, whatever the patterns say, and be it a file."""
    fill(tmp_path, ["hem_modules/a/b/x", ".hpm/state.json", ".git/HEAD", "a/hem_modules/x", "a/.git", "a/x"])
    assert paths(tmp_path, "**", "hem_modules/**", ".git", "a/.git", ".hpm/state.json") == ["a/x"]


def test_links_are_found_and_not_followed(tmp_path: Path) -> None:
    """A link to a folder is one entry; what is behind it has its own path or none."""
    fill(tmp_path, ["inside/x"])
    (tmp_path / "folder").symlink_to("inside")
    (tmp_path / "circle").symlink_to(".")
    (tmp_path / "nowhere").symlink_to("gone")
    found = walk(str(tmp_path), glob_set(("**", "folder/x", "circle/inside/x")))
    assert [(each.path, each.is_link, each.is_file) for each in found] == [
        ("circle", True, False),
        ("folder", True, False),
        ("inside/x", False, True),
        ("nowhere", True, False),
    ]


def test_only_folders_that_can_hold_something_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names that are spelled out are looked up; where nothing can fit or remain, nothing is read."""
    fill(tmp_path, ["src/a/x", "src/b/x", "lib/x", "lib/deep/x", "out/x", "out/deep/x", "y"])
    read: list[str] = []
    scandir = os.scandir

    def watched(path: str) -> object:
        read.append(os.path.relpath(path, tmp_path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", watched)
    assert paths(tmp_path, "src/a/x", "y") == ["src/a/x", "y"]
    assert read == []
    assert paths(tmp_path, "lib/*.md", "src/**/x", but="src/b") == ["src/a/x"]
    assert sorted(read) == ["lib", "src", "src/a"]
    read.clear()
    assert len(paths(tmp_path, "**", "!out")) == 5
    assert "out" not in read


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    """A name that is spelled out may be missing, or a folder on the way may be a file."""
    fill(tmp_path, ["file"])
    assert paths(tmp_path, "gone", "gone/x", "file/x", "file/**") == []
    assert paths(tmp_path / "gone", "**") == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_that_may_not_be_read_is_a_failure(tmp_path: Path) -> None:
    """It is told, and not passed over: a change in it would go unnoticed."""
    fill(tmp_path, ["locked/x"])
    (tmp_path / "locked").chmod(0)
    try:
        with pytest.raises(StorageFailure, match="permission denied"):
            paths(tmp_path, "**")
    finally:
        (tmp_path / "locked").chmod(0o755)
