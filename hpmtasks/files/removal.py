"""removal: a tree goes away, and nothing that its links point to."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from hpmtasks.files.failures import storage_failures

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


def remove_tree(path: Path) -> None:
    """Nothing is at *path*, whatever it was: a folder, a file, a link. Absent already is success.

    Works on open folders, so that a link put in place of one meanwhile is not followed.
    Folders without write permission are given it first.

    Raises:
        StorageFailure: The file system refuses; a part may be gone.
    """
    with storage_failures("remove", path):
        name = os.fspath(path)
        try:
            is_folder = stat.S_ISDIR(os.lstat(name).st_mode)
        except FileNotFoundError:
            return
        _remove(name, is_folder=is_folder, parent=None)


def _remove(name: str, *, is_folder: bool, parent: int | None) -> None:
    with suppress(FileNotFoundError):
        if not is_folder:
            os.unlink(name, dir_fd=parent)
            return
        descriptor = _open_writable(name, parent)
        try:
            with os.scandir(descriptor) as entries:
                found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
            for child, child_is_folder in found:
                _remove(child, is_folder=child_is_folder, parent=descriptor)
        finally:
            os.close(descriptor)
        os.rmdir(name, dir_fd=parent)


def _open_writable(name: str, parent: int | None) -> int:
    try:
        descriptor = os.open(name, _FOLDER, dir_fd=parent)
    except PermissionError:
        # lstat has just said that this is a folder; it cannot even be listed.
        os.chmod(name, stat.S_IRWXU, dir_fd=parent)
        descriptor = os.open(name, _FOLDER, dir_fd=parent)
    mode = os.fstat(descriptor).st_mode
    if mode & stat.S_IRWXU != stat.S_IRWXU:
        os.fchmod(descriptor, stat.S_IMODE(mode) | stat.S_IRWXU)
    return descriptor
