"""ContentChecker: doit's question "did this file change?", answered by content and remembered by stat."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hpmtasks.files import fingerprint as fingerprints
from hpmtasks.files.fingerprint import StatTable, fingerprint
from hpmtasks.project.checker import ContentChecker

LONG_AGO_NS = 1_600_000_000_000_000_000


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files whose content was read since, in order."""
    names: list[str] = []
    honest = fingerprints.fingerprint_file

    def fingerprint_file(path: str | os.PathLike[str]) -> str:
        names.append(Path(path).name)
        return honest(path)

    monkeypatch.setattr(fingerprints, "fingerprint_file", fingerprint_file)
    return names


def checker_with(table: StatTable) -> ContentChecker:
    """A checker as a run makes it, over what earlier runs found out."""
    checker = ContentChecker()
    checker.use(StatTable.from_rows(table.to_rows()))
    return checker


def judge(checker: ContentChecker, path: Path, recorded: str) -> bool:
    """Whether *path* is changed, asked as doit asks."""
    return checker.check_modified(str(path), checker.info(str(path)), recorded)


def old_file(folder: Path, content: str) -> Path:
    """A file that was last written long before it is looked at."""
    path = folder / "input"
    path.write_text(content)
    os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))
    return path


def test_state_of_a_file_is_its_fingerprint(tmp_path: Path) -> None:
    """What is recorded depends on the content alone, not on when or by whom it was written."""
    path = old_file(tmp_path, "one")
    assert ContentChecker().get_state(str(path), None) == fingerprint(b"one")


def test_changed_content_is_changed_although_size_and_mtime_are_equal(tmp_path: Path) -> None:
    """An edit that keeps the size and sets the time back is seen, in a later run, too."""
    path = old_file(tmp_path, "one")
    table = StatTable()
    recorded = table.fingerprint_of(path)
    old_file(tmp_path, "two")
    assert judge(checker_with(table), path, recorded)


def test_touched_file_is_unchanged_and_read_once(tmp_path: Path, read: list[str]) -> None:
    """A touch costs one look at the content; the runs after that trust the new stat."""
    path = old_file(tmp_path, "one")
    table = StatTable()
    recorded = table.fingerprint_of(path)
    os.utime(path, ns=(LONG_AGO_NS + 1, LONG_AGO_NS + 1))
    read.clear()
    second = checker_with(table)
    assert not judge(second, path, recorded)
    assert read == ["input"]
    third = checker_with(second._table)
    assert not judge(third, path, recorded)
    assert read == ["input"]


def test_file_of_many_tasks_is_read_once_in_a_run(tmp_path: Path, read: list[str]) -> None:
    """Fifty tasks that depend on one file cost one look at its content."""
    path = old_file(tmp_path, "one")
    checker = ContentChecker()
    assert {checker.info(str(path)) for _ in range(50)} == {fingerprint(b"one")}
    assert read == ["input"]


def test_input_edited_while_its_task_ran_is_stale_next_time(tmp_path: Path) -> None:
    """What is recorded is the content that the task was judged by, not what the file holds in the end."""
    path = old_file(tmp_path, "as the task saw it")
    checker = ContentChecker()
    checker.info(str(path))
    path.write_text("edited meanwhile")
    recorded = checker.get_state(str(path), None)
    assert recorded == fingerprint(b"as the task saw it")
    assert judge(checker_with(checker._table), path, recorded)


def test_unchanged_state_is_not_recorded_again(tmp_path: Path) -> None:
    """doit is told that there is nothing new to keep."""
    path = old_file(tmp_path, "one")
    checker = ContentChecker()
    recorded = checker.get_state(str(path), None)
    assert checker.get_state(str(path), recorded) is None


def test_output_of_another_task_is_recorded_as_it_was_left(tmp_path: Path) -> None:
    """A file that was judged before a task made it anew is recorded for later tasks as they judged it."""
    path = old_file(tmp_path, "before")
    checker = ContentChecker()
    checker.info(str(path))
    path.write_text("made anew")
    checker.info(str(path))
    assert checker.get_state(str(path), None) == fingerprint(b"made anew")


def test_dangling_link_exists_as_a_target(tmp_path: Path) -> None:
    """A target that is a link to nothing is there; one that is not there is not."""
    (tmp_path / "link").symlink_to("nowhere")
    checker = ContentChecker()
    assert checker.exists(str(tmp_path / "link"))
    assert not checker.exists(str(tmp_path / "nowhere"))


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: None], ids=["folder", "nothing"])
def test_what_is_no_file_is_the_error_that_doit_expects(tmp_path: Path, make: object) -> None:
    """A folder or a missing file as a dependency is a CheckerError, which doit tells in a sentence."""
    assert callable(make)
    make(tmp_path / "input")
    with pytest.raises(ContentChecker.CheckerError):
        ContentChecker().info(str(tmp_path / "input"))
