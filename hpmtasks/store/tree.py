"""tree: the digest of a package's files, which anyone can compute again from git or from the folder."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from hpmtasks.store.entries import TreeFile

_CHUNK = 1 << 20
NESTED = "hem_modules"
_EXECUTABLE = 0o100


class ForeignEntry(ValueError):
    """A folder holds what no package has: a link, a device, a pipe, a name that is not UTF-8.

    Attributes:
        path: Where, relative to the folder.
    """

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} is neither a file nor a folder")
        self.path = path


def tree_digest(files: Iterable[TreeFile]) -> str:
    """``sha256-<hex>`` over one line a file, sorted by path as bytes.

    A line is ``100644`` or ``100755``, a space, the path, NUL, the content's sha256 in hex, LF:
    git's modes, so that a tree can be computed from a repository. An empty tree has the digest of nothing.
    """
    import hashlib

    lines = sorted((file.path.encode(), file.executable, file.sha256.encode()) for file in files)
    whole = b"".join(
        b"%b %b\0%b\n" % (b"100755" if executable else b"100644", path, sha256)
        for path, executable, sha256 in lines
    )
    return f"sha256-{hashlib.sha256(whole).hexdigest()}"


def scan_folder(folder: Path) -> tuple[TreeFile, ...]:
    """Every file in *folder*, read; without those in a nested ``hem_modules``, which are not the package's.

    Raises:
        ForeignEntry: There is a link or a special file.
        OSError: It cannot be read.
    """
    found: list[TreeFile] = []
    pending = [""]
    while pending:
        _scan(os.fspath(folder), pending.pop(), found, pending)
    return tuple(sorted(found, key=lambda file: file.path.encode()))


def digest_folder(folder: Path) -> str:
    """The tree digest of an installed package, from its files' contents.

    Raises:
        ForeignEntry: There is a link or a special file; no package has that digest.
        OSError: It cannot be read.
    """
    return tree_digest(scan_folder(folder))


def _scan(folder: str, prefix: str, found: list[TreeFile], pending: list[str]) -> None:
    """The files of the one folder *prefix* below *folder* are *found*; its folders are *pending*."""
    with os.scandir(f"{folder}/{prefix}") as entries:
        for entry in entries:
            path = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name != NESTED:
                    pending.append(f"{path}/")
            elif not entry.is_file(follow_symlinks=False) or not _is_text(path):
                raise ForeignEntry(path)
            else:
                status = entry.stat(follow_symlinks=False)
                executable = bool(status.st_mode & _EXECUTABLE)
                found.append(TreeFile(path, executable, status.st_size, sha256_of(entry.path)))


def _is_text(path: str) -> bool:
    # What cannot be decoded arrives as lone surrogates.
    return not any("\ud800" <= character <= "\udfff" for character in path)


def sha256_of(path: str | os.PathLike[str]) -> str:
    """The sha256 of a file's content, 64 hex digits. A link is not followed.

    Raises:
        OSError: It cannot be read, or is a link.
    """
    import hashlib

    digest = hashlib.sha256()
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        while chunk := os.read(descriptor, _CHUNK):
            digest.update(chunk)
    finally:
        os.close(descriptor)
    return digest.hexdigest()
