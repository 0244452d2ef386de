"""The mutex: between processes one at a time, within one process no obstacle, and it dies with its holder."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hpmtasks.errors import StorageFailure
from hpmtasks.files import mutex as mutexes
from hpmtasks.files.mutex import Mutex

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def worker(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that wants the mutex and then holds it until its input ends."""
    command = [sys.executable, "-m", "tests.support.mutex_worker", str(path)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def is_free(path: Path) -> bool:
    """Whether a stranger who knows flock alone could take the lock now."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def test_it_is_a_flock_and_reentrant_in_its_process(tmp_path: Path) -> None:
    """Taken twice by two objects it is free only after both are done; folders are made; the file stays."""
    path = tmp_path / "deep" / "mutex"
    with Mutex(path) as outer:
        with Mutex(tmp_path / "deep" / ".." / "deep" / "mutex"):
            assert not is_free(path)
        assert not is_free(path)
        assert outer.is_held
    assert is_free(path)
    assert not outer.is_held


def test_another_process_waits_and_says_for_whom(tmp_path: Path) -> None:
    """Who has to wait is told the holder's pid once, and gets the mutex when it is released."""
    mutex = Mutex(tmp_path / "mutex")
    mutex.acquire()
    with worker(tmp_path / "mutex") as process:
        assert said(process) == f"waiting for {os.getpid()}"
        mutex.release()
        assert said(process) == "holding"


def test_a_killed_holder_leaves_it_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """kill -9 is a release; who waited knew the pid of the killed."""
    monkeypatch.setattr(mutexes, "_PATIENCE_SECONDS", 0.0)
    path = tmp_path / "mutex"
    waited_for: list[str | None] = []
    with worker(path) as process:
        assert said(process) == "holding"

        def kill(holder: str | None) -> None:
            waited_for.append(holder)
            process.kill()

        mutex = Mutex(path)
        mutex.acquire(kill)
        assert waited_for == [str(process.pid)]
        assert not is_free(path)
        mutex.release()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_where_files_cannot_be_locked_work_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """A file system without locks gives a warning that names the file, and no failure."""

    def refuse(*_: object) -> None:
        raise OSError(number, "no locks")

    warnings: list[str] = []
    monkeypatch.setattr(fcntl, "flock", refuse)
    with Mutex(tmp_path / "mutex", on_unsupported=warnings.append) as mutex, Mutex(tmp_path / "mutex"):
        assert mutex.is_held
    assert len(warnings) == 1
    assert str(tmp_path / "mutex") in warnings[0]


def test_a_mutex_that_cannot_be_made_is_a_storage_failure(tmp_path: Path) -> None:
    """A file where its folder should be is named in one sentence."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageFailure, match="Cannot lock"):
        Mutex(tmp_path / "file" / "mutex").acquire()


def test_a_fork_does_not_keep_what_was_released(tmp_path: Path) -> None:
    """A process that was forked while the mutex was held has its descriptor, and must not hold on to it."""
    program = (
        "import os, sys; from pathlib import Path; from hpmtasks.files.mutex import Mutex\n"
        "mutex = Mutex(Path(sys.argv[1])); mutex.acquire()\n"
        "reading, writing = os.pipe()\n"
        "if os.fork() == 0:\n"
        "    os.close(writing); os.read(reading, 1); os._exit(0)\n"
        "mutex.release(); mutex.acquire(); print('again')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "mutex")],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout == "again\n"
