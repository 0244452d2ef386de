"""Changes are told once, in batches, by the system; and no run is the reason for the next one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

import pytest

from hpmtasks.errors import StorageFailure
from hpmtasks.scripts.watch import OwnChanges, Watcher, told_batch, watching
from tests.support.command_line import PATIENCE_SECONDS

T = TypeVar("T")


def in_time(work: Callable[[], T]) -> T:
    """What *work* gives, or a failure if it never does."""
    answers: SimpleQueue[T] = SimpleQueue()
    threading.Thread(target=lambda: answers.put(work()), daemon=True).start()
    return answers.get(timeout=PATIENCE_SECONDS)


def interesting(path: str) -> bool:
    return path.endswith(".hml")


def until_told(watcher: Watcher, path: str) -> set[str]:
    """All that was told up to the batch with *path*."""
    told: set[str] = set()
    while path not in told:
        told |= in_time(watcher.wait)
    return told


def test_what_changes_after_the_start_is_told(tmp_path: Path) -> None:
    """New, changed, renamed and removed files are told by their paths, also in folders that are new."""
    (tmp_path / "old.hml").write_text("1")
    (tmp_path / "gone.hml").write_text("1")
    with watching(tmp_path, interesting) as watcher:
        (tmp_path / "old.hml").write_text("2")
        assert "old.hml" in until_told(watcher, "old.hml")
        (tmp_path / "gone.hml").unlink()
        until_told(watcher, "gone.hml")
        (tmp_path / "deep/er").mkdir(parents=True)
        (tmp_path / "deep/er/a é.hml").write_text("1")
        until_told(watcher, "deep/er/a é.hml")
        (tmp_path / "deep/er/a é.hml").rename(tmp_path / "b.hml")
        until_told(watcher, "b.hml")


def test_what_does_not_count_is_not_told(tmp_path: Path) -> None:
    """A path that is of no interest is in no batch; nor is what the watcher writes itself."""
    with watching(tmp_path, interesting) as watcher:
        for number in range(50):
            (tmp_path / f"{number}.log").write_text("1")
        (tmp_path / "last.hml").write_text("1")
        assert until_told(watcher, "last.hml") == {"last.hml"}
        assert not watcher.pending()
    assert not list((tmp_path / ".hpm").iterdir())


def test_a_folder_behind_a_link_is_watched(tmp_path: Path) -> None:
    """Paths are told from the root, however it is spelled."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with watching(tmp_path / "link", interesting) as watcher:
        (tmp_path / "real/a.hml").write_text("1")
        assert until_told(watcher, "a.hml") == {"a.hml"}


def test_where_nothing_can_be_watched_it_is_told(tmp_path: Path) -> None:
    """A folder that goes away is a failure with a sentence, and no thread is left."""
    watcher = Watcher(tmp_path / "nowhere", interesting)
    (tmp_path / "nowhere").write_text("a file")
    with pytest.raises((StorageFailure, OSError)):
        watcher.start()


# Each: batches in order, d: during a run, b: between two; what is run for; what is passed over.
ROUNDS: list[tuple[str, str, str]] = [
    ("b:x", "x", ""),
    ("b:x b:x b:x b:x", "x x x x", ""),
    ("d:x", "x", ""),
    ("d:x d:x", "x -", "x"),
    ("d:x d:x d:x", "x - -", "x"),
    ("d:x b:x d:x", "x x x", ""),
    ("d:x d:y d:x", "x y x", ""),
    ("d:x d:x b:x d:x", "x - x x", "x"),
    ("d:xy d:x", "xy -", "x"),
    ("d:x d:xy d:x d:y", "x y - y", "x"),
]


@pytest.mark.parametrize(("batches", "heeded", "passed_over"), ROUNDS)
def test_no_run_is_the_reason_for_the_next(batches: str, heeded: str, passed_over: str) -> None:
    """What runs change by themselves is run for once and then passed over, until somebody else changes it."""
    own = OwnChanges()
    run_for, passed = [], ""
    for when, _, paths in (each.partition(":") for each in batches.split()):
        batch = frozenset(paths)
        if when == "b":
            found = own.between(batch)
        else:
            found, more = own.during(batch)
            passed += "".join(sorted(more))
        run_for.append("".join(sorted(found)) or "-")
    assert (" ".join(run_for), passed) == (heeded, passed_over)


def test_a_batch_is_told_in_a_few_words() -> None:
    """The first path, and how many more."""
    assert told_batch(frozenset({"b"})) == "b changed"
    assert told_batch(frozenset({"b", "a", "c"})) == "a and 2 more changed"
