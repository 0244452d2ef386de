"""shared_mutex: many may be inside together, or one who wants to be alone.

``flock`` on a file that stays. As with :mod:`hpmtasks.files.mutex`, a lock ends with its
process, and where a file system has none, work goes on without: nothing may rest on it but
that others are not disturbed.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hpmtasks.files.failures import storage_failures

# What file systems without locks answer (NFS without its lock service, some FUSE).
_NO_LOCKS_HERE = frozenset({errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS})
# Who may not write there cannot be in the way of one who may.
_NOT_OURS = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})


@contextmanager
def shared(path: Path) -> Iterator[None]:
    """Inside, nobody is alone at *path*: waits until nobody is. Threads may all be inside.

    Raises:
        StorageFailure: The file cannot be made or opened.
    """
    with storage_failures("lock", path):
        try:
            descriptor = _open(path)
        except OSError as error:
            if error.errno not in _NOT_OURS:
                raise
            descriptor = None
        if descriptor is not None:
            _locked(descriptor, fcntl.LOCK_SH)
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


@contextmanager
def alone(path: Path, on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Inside, nobody else is at *path*: waits until all have left.

    Args:
        on_wait: Called once if somebody is inside.

    Raises:
        StorageFailure: The file cannot be made or opened.
    """
    with storage_failures("lock", path):
        descriptor = _open(path)
    try:
        with storage_failures("lock", path):
            is_free = _locked(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not is_free:
            on_wait()
            with storage_failures("lock", path):
                _locked(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CREAT, 0o666)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDONLY | os.O_CREAT, 0o666)


def _locked(descriptor: int, how: int) -> bool:
    """Whether the lock is there, or cannot be had from this file system at all."""
    try:
        fcntl.flock(descriptor, how)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS_HERE:
            raise
    return True
