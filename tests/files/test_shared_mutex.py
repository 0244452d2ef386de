"""The shared mutex: many together, one alone, and nobody is kept out where there are no locks."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from hpmtasks.errors import StorageFailure
from hpmtasks.files.shared_mutex import alone, shared


def is_free(path: Path, how: int) -> bool:
    """Whether a stranger could take the lock now."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, how | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def test_many_are_inside_together(tmp_path: Path) -> None:
    """While anybody shares it others may, and nobody may be alone."""
    path = tmp_path / "below" / "mutex"
    with shared(path), shared(path):
        assert is_free(path, fcntl.LOCK_SH)
        assert not is_free(path, fcntl.LOCK_EX)
    assert is_free(path, fcntl.LOCK_EX)


def test_one_is_alone(tmp_path: Path) -> None:
    """Inside, nobody else gets in; after a failure inside everybody does."""
    path = tmp_path / "mutex"

    def fail() -> None:
        with alone(path):
            assert not is_free(path, fcntl.LOCK_SH)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert is_free(path, fcntl.LOCK_EX)


def test_who_wants_to_be_alone_waits_and_says_so(tmp_path: Path) -> None:
    """Until the last one has left."""
    path = tmp_path / "mutex"
    waiting, order = threading.Event(), []

    def collect() -> None:
        with alone(path, waiting.set):
            order.append("alone")

    with ExitStack() as inside:
        inside.enter_context(shared(path))
        thread = threading.Thread(target=collect)
        thread.start()
        assert waiting.wait(30)
        order.append("leaving")
    thread.join(30)
    assert order == ["leaving", "alone"]


def test_nobody_waits_where_nobody_is(tmp_path: Path) -> None:
    """No word of waiting when the mutex is free."""
    said: list[str] = []
    with alone(tmp_path / "mutex", lambda: said.append("waiting")):
        pass
    assert said == []


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_without_locks_work_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """A file system that cannot lock is no reason to stop."""

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with shared(tmp_path / "mutex"), alone(tmp_path / "mutex"):
        pass


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_store_that_may_only_be_read_is_shared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Who cannot write there needs no mutex to read; to be alone there is refused with a sentence."""

    def refuse(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", refuse)
    with shared(tmp_path / "mutex"):
        pass
    with pytest.raises(StorageFailure, match="Cannot lock"), alone(tmp_path / "mutex"):
        pass
