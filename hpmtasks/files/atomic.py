"""atomic: under a final name there is the old content or the new, and never a half of either."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from hpmtasks.files.failures import storage_failures
from hpmtasks.files.leftovers import temporary_beside
from hpmtasks.files.removal import remove_tree

# Two processes may replace the same folder at once; each loss is somebody else's success.
_ATTEMPTS = 20
# What fsync of a folder answers where the file system has no such thing.
_NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EBADF})


def write_atomically(
    path: Path, data: bytes, *, durable: bool, mode: int = 0o644, staging: Path | None = None
) -> None:
    """*path* holds *data*; whoever reads it meanwhile, or after a crash, sees the old content or the new.

    A symbolic link at *path* stays, and the file it names is written. An existing file keeps its mode.

    Args:
        durable: Wait until the disk has it, so that it survives a loss of power.
        mode: Permissions of a file that did not exist, less the umask.
        staging: The folder for the temporary name, on the same file system; by default the file's own.

    Raises:
        StorageFailure: The file system refuses; the old content is still there.
    """
    with storage_failures("write", path):
        final = Path(os.path.realpath(path))
        temporary = temporary_beside(staging / "any" if staging else final)
        try:
            _write_new(temporary, data, mode=mode, like=final, durable=durable)
            os.rename(temporary, final)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
        if durable:
            sync_folder(final.parent)


def _write_new(path: Path, data: bytes, *, mode: int, like: Path, durable: bool) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    try:
        with suppress(FileNotFoundError):
            os.fchmod(descriptor, stat.S_IMODE(os.stat(like).st_mode))
        write_all(descriptor, data)
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_new(path: str | os.PathLike[str], data: bytes | memoryview, *, durable: bool) -> None:
    """The file *path*, which is new, holds *data*; a part of it if this fails.

    Args:
        durable: Wait until the disk has it.

    Raises:
        OSError: The file system refuses, or there is something at *path*.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
    try:
        write_all(descriptor, data)
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes | bytearray | memoryview) -> None:
    """Every byte of *data* is written; the kernel may take it in several bites."""
    written = os.write(descriptor, data)
    if written < len(data):
        rest = memoryview(data)[written:]
        while rest:
            rest = rest[os.write(descriptor, rest) :]


def sync_folder(folder: Path) -> None:
    """The names in *folder* are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(descriptor)


def replace_folder(staged: Path, target: Path) -> None:
    """The completed folder *staged* is at *target*, and what was there is gone.

    Killed at any point, *target* is the old folder, the new one, or absent; what was set aside
    is removed by the next :func:`~hpmtasks.files.leftovers.sweep`. A link at *target* is
    removed itself; what it points to is not touched. Both must be on one file system.

    Raises:
        StorageFailure: The file system refuses; the old folder is back in its place if that is possible.
    """
    with storage_failures("replace", target):
        for _ in range(_ATTEMPTS):
            aside = _set_aside(target)
            try:
                os.rename(staged, target)
            except OSError as error:
                if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR) and os.path.lexists(target):
                    _drop(aside)
                    continue
                if aside is not None:
                    with suppress(OSError):
                        os.rename(aside, target)
                raise
            _drop(aside)
            return
        raise OSError(errno.EEXIST, "another program keeps writing it")


def _set_aside(target: Path) -> Path | None:
    """Nothing is at *target*; the folder that was is under the returned name."""
    try:
        mode = os.lstat(target).st_mode
        if stat.S_ISDIR(mode):
            aside = temporary_beside(target)
            os.rename(target, aside)
            return aside
        os.unlink(target)
    except FileNotFoundError:
        pass
    return None


def _drop(aside: Path | None) -> None:
    if aside is not None:
        remove_tree(aside)
