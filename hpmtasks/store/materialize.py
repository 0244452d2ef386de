"""materialize: a tree of the store becomes a folder of a project, by the cheapest way the disks allow."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import sys
from pathlib import Path

from hpmtasks.files.atomic import write_all
from hpmtasks.store.entries import LinkMethod, TreeEntry, TreeFile
from hpmtasks.store.tree import sha256_of

_CHUNK = 1 << 20
_FICLONE = 0x40049409  # linux/fs.h: the new file shares the other's blocks until one is written
_EXECUTABLE = 0o100
# Best first. A reflink costs as much as a copy and protects the store as a copy does.
_ORDER = (LinkMethod.HARD_LINK, LinkMethod.REFLINK, LinkMethod.COPY)
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


def is_as_recorded(path: str, file: TreeFile) -> bool:
    """Whether the file at *path* has the type, size, time, inode and executable bit that were recorded.

    Of a file that has other names its ctime says nothing: a project that comes or goes changes it.
    """
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return (
        stat.S_ISREG(status.st_mode)
        and status.st_size == file.size
        and status.st_mtime_ns == file.mtime_ns
        and status.st_ino == file.inode
        and bool(status.st_mode & _EXECUTABLE) == file.executable
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
    source, target = os.fspath(tree.path), os.fspath(folder)
    os.makedirs(target)
    made = {""}
    for file in tree.files:
        above = file.path.rpartition("/")[0]
        if above not in made:
            _make_folders(target, above, made)
        method = _place(f"{source}/{file.path}", f"{target}/{file.path}", file, method)
    return method


def _make_folders(target: str, folder: str, made: set[str]) -> None:
    missing: list[str] = []
    while folder not in made:
        missing.append(folder)
        made.add(folder)
        folder = folder.rpartition("/")[0]
    for each in reversed(missing):
        os.mkdir(f"{target}/{each}")


def _place(source: str, target: str, file: TreeFile, method: LinkMethod) -> LinkMethod:
    if not is_as_recorded(source, file):
        check_content(source, file)
    for candidate in _ORDER[_ORDER.index(method) :]:
        try:
            _WAYS[candidate](source, target, file)
        except OSError as error:
            if not os.path.lexists(source):
                raise Damage(file, "missing") from None
            if candidate is LinkMethod.COPY or error.errno not in _NEVER_HERE | _NOT_THIS_ONE:
                raise
            if error.errno in _NEVER_HERE and candidate is method:
                method = _ORDER[_ORDER.index(candidate) + 1]
        else:
            break
    return method


def _hard_link(source: str, target: str, _: TreeFile) -> None:
    os.link(source, target, follow_symlinks=False)


def _reflink(source: str, target: str, file: TreeFile) -> None:
    if sys.platform != "linux":
        raise OSError(errno.ENOTSUP, "no reflinks here")
    from fcntl import ioctl

    reading = os.open(source, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        writing = _create(target, file)
        try:
            ioctl(writing, _FICLONE, reading)
        except BaseException:
            os.unlink(target)
            raise
        finally:
            os.close(writing)
    finally:
        os.close(reading)


def _copy(source: str, target: str, file: TreeFile) -> None:
    """The content passes through our hands anyway, so it is checked on the way."""
    digest = hashlib.sha256()
    reading = os.open(source, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        writing = _create(target, file)
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


def _create(target: str, file: TreeFile) -> int:
    mode = 0o755 if file.executable else 0o644
    return os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)


_WAYS = {LinkMethod.HARD_LINK: _hard_link, LinkMethod.REFLINK: _reflink, LinkMethod.COPY: _copy}
