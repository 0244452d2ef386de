"""Leftovers: what the dead left goes, what the living use stays."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hpmtasks.files.leftovers import sweep, temporary_beside


def dead_pid() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_temporary_names_differ_and_are_in_the_targets_folder(tmp_path: Path) -> None:
    """Two temporary names for one target are two, and renaming never crosses a file system."""
    names = {temporary_beside(tmp_path / "target") for _ in range(100)}
    assert len(names) == 100
    assert {name.parent for name in names} == {tmp_path}


def test_only_what_no_living_process_owns_is_swept(tmp_path: Path) -> None:
    """Ours stay, those of the dead go, a stranger's file stays, and a link is not followed."""
    mine = temporary_beside(tmp_path / "x")
    mine.write_bytes(b"")
    dead = Path(str(temporary_beside(tmp_path / "x")).replace(f"-{os.getpid()}-", f"-{dead_pid()}-"))
    (dead / "deep").mkdir(parents=True)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(b"")
    (dead / "link").symlink_to(outside)
    (tmp_path / ".tmpfile").write_bytes(b"")
    assert sweep(tmp_path) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([mine.name, ".tmpfile", "outside"])
    assert (outside / "file").exists()


def test_what_another_machine_left_goes_after_a_day(tmp_path: Path) -> None:
    """Where it cannot be asked whether the owner lives, age decides."""
    young, old = tmp_path / ".tmp-00000000-1-aa", tmp_path / ".tmp-anything"
    young.write_bytes(b"")
    old.write_bytes(b"")
    os.utime(old, (0, 0))
    assert sweep(tmp_path) == 1
    assert list(tmp_path.iterdir()) == [young]


def test_sweeping_nothing_is_fine(tmp_path: Path) -> None:
    """A folder that is not there has no leftovers."""
    assert sweep(tmp_path / "nowhere") == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of processes that nobody asked after")
def test_who_has_ended_and_was_not_asked_how_is_dead(tmp_path: Path) -> None:
    """A process that is left over as a zombie writes nothing any more."""
    process = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.read()  # it ends
        while b") Z " not in Path(f"/proc/{process.pid}/stat").read_bytes():
            os.sched_yield()
        left = Path(str(temporary_beside(tmp_path / "x")).replace(f"-{os.getpid()}-", f"-{process.pid}-"))
        left.write_bytes(b"")
        assert sweep(tmp_path) == 1
    finally:
        process.communicate()
