"""mutex: one process at a time, among those that use the same file.

The lock is ``flock`` on Unix: it ends with its process, however that ends. It makes waiting
pleasant and is never what correctness rests on: where a file system has no locks, work goes on
without. A lock that is free is taken at once; to wait for one is filelock's business, and the
time that it takes to import is then part of the wait.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, Self

from hpmtasks.files.failures import storage_failures

if TYPE_CHECKING:
    from filelock import BaseFileLock

if os.name != "nt":
    import fcntl

# What file systems without locks answer (NFS without its lock service, some FUSE).
_NO_LOCKS_HERE = frozenset({errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS})
_PATIENCE_SECONDS = 1.0
_POLL_SECONDS = 0.02


def _stay_silent(_: object) -> None:
    pass


class _Taken:
    """A lock that was free; it ends with its descriptor."""

    __slots__ = ("_descriptor",)

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def at_once(cls, path: str) -> Self | None:
        """The lock on the file *path*, which is made if need be; ``None`` if it is not free, or none."""
        if os.name == "nt":
            return None
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return None
        return cls(descriptor)

    def release(self) -> None:
        # Said, and not left to the end of the descriptor: a fork of this process has it, too.
        descriptor, self._descriptor = self._descriptor, -1
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)

    def __del__(self) -> None:
        if self._descriptor >= 0:  # an interruption came before anybody knew that it was taken
            os.close(self._descriptor)


class _Hold:
    """That this process holds a mutex, how many times over, and by which file lock (none: unsupported)."""

    __slots__ = ("count", "lock", "pid")

    def __init__(self, lock: BaseFileLock | _Taken | None) -> None:
        self.lock = lock
        self.count = 1
        self.pid = os.getpid()


class Mutex:
    """A mutex between processes on the file *path*; entered again by its own process at once."""

    _held: ClassVar[dict[str, _Hold]] = {}
    # One for each file: a thread that waits for one mutex must not keep another from being released.
    _guards: ClassVar[dict[str, threading.Lock]] = {}

    def __init__(
        self,
        path: Path,
        *,
        on_wait: Callable[[str | None], None] = _stay_silent,
        on_unsupported: Callable[[str], None] = _stay_silent,
    ) -> None:
        """Nothing is touched yet.

        Args:
            path: The file; it and its folder are made when needed, and it stays.
            on_wait: Called once when the mutex was not free for a second, with the holder's pid if known.
            on_unsupported: Called with a sentence when the file system cannot lock.
        """
        self.path = path
        self._key = os.path.realpath(path)
        self._guard = self._guards.setdefault(self._key, threading.Lock())
        self._on_wait = on_wait
        self._on_unsupported = on_unsupported

    def acquire(self, on_wait: Callable[[str | None], None] | None = None) -> None:
        """This process holds the mutex; waits for as long as another does.

        Raises:
            StorageFailure: The file cannot be made or opened.
        """
        with self._guard:
            hold = self._held.get(self._key)
            if hold is not None and hold.pid == os.getpid():
                hold.count += 1
                return
            with storage_failures("lock", self.path):
                self.path.parent.mkdir(parents=True, exist_ok=True)
                lock = self._lock_file(on_wait or self._on_wait)
            self._held[self._key] = _Hold(lock)

    def release(self) -> None:
        """The mutex is as it was before the last :meth:`acquire`."""
        with self._guard:
            hold = self._held[self._key]
            hold.count -= 1
            if hold.count == 0:
                del self._held[self._key]
                if hold.lock is not None:
                    hold.lock.release()

    @property
    def is_held(self) -> bool:
        """Whether this process holds it."""
        hold = self._held.get(self._key)
        return hold is not None and hold.pid == os.getpid()

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _lock_file(self, on_wait: Callable[[str | None], None]) -> BaseFileLock | _Taken | None:
        taken = _Taken.at_once(self._key)
        if taken is not None:
            with suppress(OSError):
                self._write_holder()
            return taken
        from filelock import FileLock, Timeout

        lock = FileLock(self._key, thread_local=False, poll_interval=_POLL_SECONDS, fallback_to_soft=False)
        try:
            try:
                lock.acquire(timeout=_PATIENCE_SECONDS)
            except Timeout:
                on_wait(self._holder())
                lock.acquire(timeout=-1)
        except OSError as error:
            if error.errno not in _NO_LOCKS_HERE:
                raise
            self._on_unsupported(
                f"The file system of {self.path} cannot lock files; run hpm there once at a time."
            )
            return None
        with suppress(OSError):
            self._write_holder()
        return lock

    def _write_holder(self) -> None:
        # In place: another name for the file would be another lock.
        with open(self._key, "r+b", buffering=0) as file:
            file.truncate(0)
            file.write(f"{os.getpid()}\n".encode())

    def _holder(self) -> str | None:
        try:
            with open(self._key, "rb") as file:
                text = file.read(32).strip()
        except OSError:
            return None
        return text.decode("ascii") if text.isdigit() else None
