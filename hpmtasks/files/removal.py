"""removal: a tree goes away, and nothing that its links point to."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from hpmtasks.dataclass import dataclass
from hpmtasks.files.failures import storage_failures

# How many folders are held open at once. What lies deeper is first moved up, so that neither the
# depth of a tree nor the length of its paths can keep it from being removed.
_MOST_OPEN = 64
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


def remove_tree(path: Path) -> None:
    """Nothing is at *path*, whatever it was: a folder, a file, a link. Absent already is success.

    Works on open folders, so that a link put in place of one meanwhile is not followed.
    Folders without write permission are given it first. Any depth is fine.

    Raises:
        StorageFailure: The file system refuses; a part may be gone.
    """
    with storage_failures("remove", path):
        name = os.fspath(path)
        try:
            is_folder = stat.S_ISDIR(os.lstat(name).st_mode)
        except FileNotFoundError:
            return
        if is_folder:
            with suppress(FileNotFoundError):
                _remove_folder(name)
        else:
            with suppress(FileNotFoundError):
                os.unlink(name)


@dataclass(slots=True)
class _Folder:
    """An open folder that is being emptied.

    Attributes:
        name: What its parent calls it.
        left: The names of the folders in it; its files are gone.
    """

    name: str
    descriptor: int
    left: list[str]


def _remove_folder(name: str) -> None:
    way: list[_Folder] = [_emptied_of_files(name, None)]
    try:
        while way:
            here = way[-1]
            if not here.left:
                os.close(way.pop().descriptor)
                with suppress(FileNotFoundError):
                    os.rmdir(here.name, dir_fd=way[-1].descriptor if way else None)
            elif len(way) < _MOST_OPEN:
                with suppress(FileNotFoundError):
                    way.append(_emptied_of_files(here.left.pop(), here.descriptor))
            else:
                _move_up(here.left.pop(), here, way[0])
    finally:
        for folder in way:
            os.close(folder.descriptor)


def _emptied_of_files(name: str, parent: int | None) -> _Folder:
    """The folder *name*, open and without its files."""
    descriptor = _open_writable(name, parent)
    try:
        with os.scandir(descriptor) as entries:
            found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        for child, is_folder in found:
            if not is_folder:
                with suppress(FileNotFoundError):
                    os.unlink(child, dir_fd=descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    return _Folder(name, descriptor, [child for child, is_folder in found if is_folder])


def _move_up(name: str, here: _Folder, top: _Folder) -> None:
    """The folder *name* in *here* is in *top*, under a name that nothing there has."""
    free = f".deep-{os.urandom(8).hex()}"
    with suppress(FileNotFoundError):
        os.close(_open_writable(name, here.descriptor))  # its own entry ".." is going to change
        os.rename(name, free, src_dir_fd=here.descriptor, dst_dir_fd=top.descriptor)
        top.left.append(free)


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
