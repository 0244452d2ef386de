"""What a run finds of the one before it: nothing of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpmtasks.scripts.stale_outputs import clear

BEFORE = ("dist/.gitkeep", "dist/a.txt", "dist/deep/b.txt", "src/main.hml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A member with outputs, and more."""
    for path in BEFORE:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    (tmp_path / "dist/link").symlink_to("a.txt")
    (tmp_path / "dist/empty").mkdir()
    return tmp_path


def left(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_outputs_are_cleared_and_nothing_else(folder: Path) -> None:
    """Files, links, and the folders that are empty then; the sources stay."""
    clear(folder, ("dist",))
    assert left(folder) == ["src", "src/main.hml"]


def test_folder_that_is_no_output_itself_stays(folder: Path) -> None:
    """A script may count on it."""
    clear(folder, ("dist/*.txt", "dist/link"))
    assert left(folder) == [
        "dist",
        "dist/.gitkeep",
        "dist/deep",
        "dist/deep/b.txt",
        "dist/empty",
        "src",
        "src/main.hml",
    ]


def test_link_is_removed_and_not_followed(folder: Path) -> None:
    """Not even one that stands in the place of the folder."""
    (folder / "lib").symlink_to("src")
    clear(folder, ("lib", "lib/**"))
    assert "src/main.hml" in left(folder)
    assert "lib" not in left(folder)
