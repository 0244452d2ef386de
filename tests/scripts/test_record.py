"""What is remembered of a task is what was put, or nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hpmtasks.project import Project
from hpmtasks.scripts.reason import difference
from hpmtasks.scripts.record import Record, Records
from hpmtasks.scripts.tasks import TaskId
from hpmtasks.store.results.digest import Digest
from hpmtasks.store.results.result import ActionResult, OutputFile
from tests.support.naughty_strings import INVISIBLE, LETTERS

TASK = TaskId("me/app", "build")
RESULT = ActionResult((OutputFile("dist/a", Digest.of(b"a"), True),), seconds=1.25)
RECORD = Record("ran", 0, 1.25, "", 7.0, "ab/1", {"files": {"src": "x"}}, RESULT, ("dist/.gitkeep",))


def test_record_is_read_as_it_was_put(tmp_path: Path) -> None:
    """By another run, too."""
    Records(Project(tmp_path)).put(TASK, RECORD)
    assert Records(Project(tmp_path)).get(TASK) == RECORD
    assert Records(Project(tmp_path)).get(TaskId("", "build")) is None


def test_each_name_has_a_file_of_its_own(tmp_path: Path) -> None:
    """Whatever scripts are called, on file systems that take capitals for small letters, too."""
    records = Records(Project(tmp_path))
    names = [*INVISIBLE, *LETTERS, "a/b", "a+b", "A+B", "../x", "x" * 300, "x" * 301]
    paths = [records.path(TaskId("", name)) for name in dict.fromkeys(names)]
    assert len({path.name.lower() for path in paths}) == len(paths)
    assert all(path.parent == tmp_path / ".hpm/scripts" and len(path.name) < 200 for path in paths)


@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff", None])
def test_damaged_record_is_none(tmp_path: Path, damage: bytes | None) -> None:
    """A flipped bit as well as another form."""
    records = Records(Project(tmp_path))
    records.put(TASK, RECORD)
    path = records.path(TASK)
    path.write_bytes(path.read_bytes().replace(b"ran", b"rab") if damage is None else damage)
    assert Records(Project(tmp_path)).get(TASK) is None


def test_record_of_another_task_is_none(tmp_path: Path) -> None:
    """Although it stands in the file."""
    records = Records(Project(tmp_path))
    records.put(TASK, replace(RECORD, result=None))
    other = TaskId("me/app", "other")
    records.path(TASK).rename(records.path(other))
    assert Records(Project(tmp_path)).get(other) is None


KEY = {"command": ["make"], "files": {"a": "1", "b": "1"}, "env": {"X": None}, "packages": {"acme/a": "t"}}


@pytest.mark.parametrize(
    ("after", "told"),
    [
        ({"command": ["make all"]}, "its command changed"),
        ({"files": {"a": "2", "b": "1"}}, "the input a changed"),
        ({"files": {"a": "1"}}, "the input b is gone"),
        ({"files": {"a": "2", "b": "2", "c": "1"}}, "the input a changed, and 2 more"),
        ({"env": {"X": "1"}}, "the variable X changed"),
        ({"packages": {"acme/a": "t", "acme/b": "t"}}, "the package acme/b is new"),
        ({}, "the way in which hpm looks at it changed"),
    ],
)
def test_difference_in_a_few_words(after: dict[str, object], told: str) -> None:
    """The first that counts is named, and how many more of its kind there are."""
    assert difference(KEY, {**KEY, **after}) == told
