"""What was seen in a look at files shows each change that the same look would find."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hpmtasks.files.fingerprint import TICK_NS
from hpmtasks.files.globs import glob_set
from hpmtasks.files.sightings import Sightings
from hpmtasks.files.walk import walk

LATER = 10 * TICK_NS


def sure(root: Path, *patterns: str, heeding: str | None = None) -> Sightings:
    """What a walk for *patterns* sees that begins long after everything has settled."""
    seen = Sightings(time.time_ns() + LATER)
    walk(str(root), glob_set(patterns), heeding=heeding, seen=seen)
    return seen


def as_it_is(seen: Sightings) -> tuple[object, ...]:
    """The same paths as they are now."""
    now = Sightings(time.time_ns() + LATER)
    now.look_at_all(seen.entries)
    for path in seen.passed:
        now.met(path, os.stat(path))
    return now.entries == seen.entries, now.passed == seen.passed, any(map(os.path.lexists, seen.absent))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with some files."""
    for name in ("src/a.txt", "src/deep/b.txt", "other/c.txt", "src/.gitignore"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x\n")
    return tmp_path


def folder_for_file(root: Path) -> None:
    """Of the same name."""
    (root / "src/a.txt").unlink()
    (root / "src/a.txt").mkdir()


def folder_behind_link(root: Path) -> None:
    """Each file in it is what it was."""
    (root / "src").rename(root / "real")
    (root / "src").symlink_to("real")


CHANGES: dict[str, Callable[[Path], object]] = {
    "edited": lambda root: (root / "src/a.txt").write_text("y\n"),
    "added": lambda root: (root / "src/deep/new.txt").write_text(""),
    "removed": lambda root: (root / "src/deep/b.txt").unlink(),
    "renamed": lambda root: (root / "src/a.txt").rename(root / "src/z.txt"),
    "executable": lambda root: (root / "src/a.txt").chmod(0o755),
    "folder for file": folder_for_file,
    "folder moved behind a link": folder_behind_link,
    "ignored": lambda root: (root / "src/.gitignore").write_text("a.txt\n"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_changes_show(root: Path, change: Callable[[Path], object]) -> None:
    """Whatever makes the walk find something else."""
    seen = sure(root, "src/**", heeding="src")
    assert as_it_is(seen) == (True, True, False)
    change(root)
    assert as_it_is(seen) != (True, True, False)


def test_what_does_not_matter_does_not_show(root: Path) -> None:
    """Neighbours of what was asked for by name, and folders beside."""
    seen = sure(root, "src/a.txt", "missing/b.txt", "src/none.txt")
    (root / "src/neighbour").write_text("")
    (root / "other/c.txt").write_text("y\n")
    assert as_it_is(seen) == (True, True, False)


@pytest.mark.parametrize("name", ["src/none.txt", "missing"])
def test_what_was_missed_shows_when_it_comes(root: Path, name: str) -> None:
    """A name that was asked for, or a folder on the way to it."""
    seen = sure(root, "src/a.txt", "missing/b.txt", "src/none.txt")
    (root / name).write_text("")
    assert as_it_is(seen) == (True, True, True)


def test_what_has_just_changed_is_not_sure(root: Path) -> None:
    """It may change again within the tick, and look the same."""
    begun = Sightings(os.stat(root / "src/a.txt").st_ctime_ns)
    begun.look(str(root / "src/a.txt"))
    assert not begun.is_sure
    settled = Sightings(os.stat(root / "src/a.txt").st_ctime_ns + TICK_NS + 1)
    settled.look(str(root / "src/a.txt"))
    assert settled.is_sure


def test_two_looks_that_differ_do_not_fit(root: Path) -> None:
    """Something changed between them, so neither tells how it is."""
    one, other = sure(root, "src/**"), sure(root, "src/**")
    assert one.add(other)
    (root / "src/a.txt").write_text("longer\n")
    assert not one.add(sure(root, "src/**"))
    there = sure(root, "src/a.txt")
    (root / "src/a.txt").unlink()
    assert not there.add(sure(root, "src/a.txt"))
