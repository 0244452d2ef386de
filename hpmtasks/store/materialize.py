"""materialize: a tree of the store becomes a folder of a project, by the cheapest way the disks allow."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

from hpmtasks.files.atomic import write_all
from hpmtasks.store.entries import LinkMethod, TreeEntry, TreeFile
from hpmtasks.store.tree import sha256_of

_CHUNK = 1 << 20
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_FICLONE = 0x40049409  # linux/fs.h: the new file shares the other's blocks until one is written
_EXECUTABLE = 0o100
# Of a mode: what kind of file it is, and whether its owner may execute it.
_TYPE_AND_EXECUTABLE = 0o170000 | _EXECUTABLE
_EXECUTABLE_FILE = stat.S_IFREG | _EXECUTABLE
_READING = os.O_RDONLY | os.O_NOFOLLOW
_CREATING = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
_NO_FOLDER = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
# The file system, or this pair of them, cannot do it at all.
_NEVER_HERE = frozenset(
    {errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.ENOTTY, errno.EINVAL}
)
# Not this file (it has all the names that a file may have), but others.
_NOT_THIS_ONE = frozenset({errno.EMLINK, errno.ETXTBSY})


class Damage(Exception):
    """A file of a tree in the store is not what the tree says.

    Attributes:
        file: What it should be.
        actual: The sha256 of what it is; "missing" or the like if it has none.
    """

    def __init__(self, file: TreeFile, actual: str) -> None:
        super().__init__(file.path)
        self.file = file
        self.actual = actual


def open_tree(folder: Path, files: Sequence[TreeFile]) -> int:
    """A descriptor of *folder*, which holds *files*, so that each of them is found by a short path.

    Raises:
        Damage: There is no such folder.
        OSError: It cannot be opened.
    """
    try:
        return os.open(folder, _FOLDER)
    except OSError as error:
        if not files or error.errno not in _NO_FOLDER:
            raise
        raise Damage(files[0], "missing") from None


def is_as_recorded(path: str, file: TreeFile, at: int | None = None) -> bool:
    """Whether the file at *path* has the type, size, time, inode and executable bit that were recorded.

    Of a file that has other names its ctime says nothing: a project that comes or goes changes it.

    Args:
        at: The folder that *path* is relative to, open.
    """
    try:
        status = os.stat(path, dir_fd=at, follow_symlinks=False)
    except OSError:
        return False
    return (
        status.st_ino == file.inode
        and status.st_mtime_ns == file.mtime_ns
        and status.st_size == file.size
        and status.st_mode & _TYPE_AND_EXECUTABLE == (_EXECUTABLE_FILE if file.executable else stat.S_IFREG)
    )


def check_content(path: str, file: TreeFile) -> TreeFile:
    """The file at *path* has the right content, and now the right executable bit.

    Returns:
        *file*, with the time and inode that it has.

    Raises:
        Damage: It has not.
    """
    try:
        before = os.lstat(path)
        if not stat.S_ISREG(before.st_mode):
            raise Damage(file, "not a file")
        actual = sha256_of(path)
        if actual != file.sha256:
            raise Damage(file, actual)
        if bool(before.st_mode & _EXECUTABLE) != file.executable:
            os.chmod(path, 0o555 if file.executable else 0o444)
    except OSError as error:
        raise Damage(file, error.strerror or "unreadable") from None
    return file._replace(mtime_ns=before.st_mtime_ns, inode=before.st_ino)


def materialize(tree: TreeEntry, folder: Path, method: LinkMethod) -> LinkMethod:
    """*folder*, which is new, holds the files of *tree*.

    Hard-linked files are the store's own, read-only; others are the user's (0644, 0755).

    Args:
        method: The first to try; where it is impossible the next is taken.

    Returns:
        The method that worked here, to begin with next time.

    Raises:
        Damage: A file in the store is not what the tree says.
        OSError: The file system refuses.
    """
    first = _METHODS.index(method)
    os.mkdir(folder)
    source = open_tree(tree.path, tree.files)
    try:
        target = os.open(folder, _FOLDER)
        try:
            made = {""}
            for file in tree.files:
                above = file.path.rpartition("/")[0]
                if above not in made:
                    _make_folders(above, target, made)
                if not is_as_recorded(file.path, file, source):
                    check_content(f"{tree.path}/{file.path}", file)
                first = _place(file, source, target, first)
        finally:
            os.close(target)
    finally:
        os.close(source)
    return _METHODS[first]


def link_unseen(source: str, files: Sequence[TreeFile], folder: str) -> None:
    """The empty *folder* holds the *files* of *source*, hard-linked, and nobody has looked at them.

    Args:
        source: A folder that nobody else knows of yet, so that they are as they were written.

    Raises:
        OSError: The file systems refuse.
    """
    reading = os.open(source, _FOLDER)
    try:
        target = os.open(folder, _FOLDER)
        try:
            made = {""}
            for file in files:
                path = file.path
                above = path.rpartition("/")[0]
                if above not in made:
                    _make_folders(above, target, made)
                os.link(path, path, src_dir_fd=reading, dst_dir_fd=target, follow_symlinks=False)
        finally:
            os.close(target)
    finally:
        os.close(reading)


def _make_folders(folder: str, target: int, made: set[str]) -> None:
    missing: list[str] = []
    while folder not in made:
        missing.append(folder)
        made.add(folder)
        folder = folder.rpartition("/")[0]
    for each in reversed(missing):
        os.mkdir(each, dir_fd=target)


def _place(file: TreeFile, source: int, target: int, first: int) -> int:
    """*file* of the open folder *source* is in *target*, by the first of the ways from *first* that goes.

    Returns:
        The way to begin with next time.
    """
    for number in range(first, len(_WAYS)):
        try:
            _WAYS[number](file, source, target)
        except OSError as error:
            if not _is_there(file, source):
                raise Damage(file, "missing") from None
            if number == len(_WAYS) - 1 or error.errno not in _NEVER_HERE | _NOT_THIS_ONE:
                raise
            if error.errno in _NEVER_HERE and number == first:
                first = number + 1
        else:
            break
    return first


def _is_there(file: TreeFile, source: int) -> bool:
    try:
        os.stat(file.path, dir_fd=source, follow_symlinks=False)
    except OSError:
        return False
    return True


def _hard_link(file: TreeFile, source: int, target: int) -> None:
    os.link(file.path, file.path, src_dir_fd=source, dst_dir_fd=target, follow_symlinks=False)


def _reflink(file: TreeFile, source: int, target: int) -> None:
    if sys.platform != "linux":
        raise OSError(errno.ENOTSUP, "no reflinks here")
    from fcntl import ioctl

    reading = os.open(file.path, _READING, dir_fd=source)
    try:
        writing = _create(file, target)
        try:
            ioctl(writing, _FICLONE, reading)
        except BaseException:
            os.unlink(file.path, dir_fd=target)
            raise
        finally:
            os.close(writing)
    finally:
        os.close(reading)


def _copy(file: TreeFile, source: int, target: int) -> None:
    """The content passes through our hands anyway, so it is checked on the way."""
    import hashlib

    digest = hashlib.sha256()
    reading = os.open(file.path, _READING, dir_fd=source)
    try:
        writing = _create(file, target)
        try:
            while chunk := os.read(reading, _CHUNK):
                digest.update(chunk)
                write_all(writing, chunk)
        finally:
            os.close(writing)
    finally:
        os.close(reading)
    if digest.hexdigest() != file.sha256:
        raise Damage(file, digest.hexdigest())


def _create(file: TreeFile, target: int) -> int:
    return os.open(file.path, _CREATING, 0o755 if file.executable else 0o644, dir_fd=target)


# Best first. A reflink costs as much as a copy and protects the store as a copy does.
_METHODS = (LinkMethod.HARD_LINK, LinkMethod.REFLINK, LinkMethod.COPY)
_WAYS = (_hard_link, _reflink, _copy)
