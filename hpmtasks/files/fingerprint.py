"""fingerprint: has this file changed? Answered by its stat where that can be trusted, else by its content.

A fingerprint is the xxHash XXH3 of 128 bits: fast, not secure. It tells changed from
unchanged and is never compared with what somebody promised; that is integrity (sha256).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable

import xxhash

from hpmtasks.dataclass import NamedTuple

#: Time stamps of files come from the kernel's tick, at most 10 ms behind the clock: a file that was
#: written within this span before it was recorded may have been written again without a new stamp.
TICK_NS = 10_000_000
_CHUNK = 1 << 20


def fingerprint(data: bytes) -> str:
    """XXH3-128 of *data*, 32 hex digits."""
    return xxhash.xxh3_128_hexdigest(data)


def fingerprint_file(path: str | os.PathLike[str]) -> str:
    """XXH3-128 of the content of *path*, 32 hex digits; a link is followed.

    Raises:
        OSError: The file cannot be read.
    """
    digest = xxhash.xxh3_128()
    with open(path, "rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


class Stat(NamedTuple):
    """What a file's stat says about its content.

    Attributes:
        size: Bytes.
        mtime_ns: Last modification, nanoseconds since 1970.
        inode: The file's number in its file system.
        ctime_ns: Last change of content or status, nanoseconds since 1970; 0 for a file with several
            names, because making or removing one of its names changes it.
    """

    size: int
    mtime_ns: int
    inode: int
    ctime_ns: int


def signature(path: str | os.PathLike[str]) -> Stat:
    """The signature of the file at *path*; a link is followed.

    Raises:
        OSError: There is none, or it may not be looked at.
    """
    found = os.stat(path)
    ctime_ns = found.st_ctime_ns if found.st_nlink == 1 else 0
    return Stat(found.st_size, found.st_mtime_ns, found.st_ino, ctime_ns)


class StatTable:
    """Fingerprints by path, each with the signature that the file had, so that most files need no reading.

    A file is read again when its signature differs, and also when it is not older than its
    record: such a file may have been changed within one tick of the clock (Git calls it racy).
    """

    __slots__ = ("_records", "changed")

    def __init__(self) -> None:
        self._records: dict[str, tuple[Stat, str, int]] = {}
        #: Whether the table differs from the one that was read; a caller that saves it sets this back.
        self.changed = False

    def __len__(self) -> int:
        return len(self._records)

    def fingerprint_of(self, path: str | os.PathLike[str]) -> str:
        """The fingerprint of what *path* holds now.

        Raises:
            OSError: The file cannot be read; it is forgotten.
        """
        key = os.fspath(path)
        recorded_at_ns = time.time_ns()  # before the look, so that a write after the look is "younger"
        try:
            now = signature(key)
            remembered = self._records.get(key)
            if remembered is not None:
                then, digest, looked_at_ns = remembered
                if then == now and now.mtime_ns < looked_at_ns - TICK_NS:
                    return digest
            digest = fingerprint_file(key)
        except OSError:
            self.forget(key)
            raise
        self._records[key] = (now, digest, recorded_at_ns)
        self.changed = True
        return digest

    def forget(self, path: str | os.PathLike[str]) -> None:
        """Nothing is remembered of *path*."""
        if self._records.pop(os.fspath(path), None) is not None:
            self.changed = True

    def to_rows(self) -> list[list[str | int]]:
        """The table as plain lists: path, size, mtime_ns, inode, ctime_ns, fingerprint, recorded_at_ns."""
        return [[path, *then, digest, at_ns] for path, (then, digest, at_ns) in sorted(self._records.items())]

    @classmethod
    def from_rows(cls, rows: Iterable[object]) -> StatTable:
        """The table that :meth:`to_rows` wrote; a row of another form is skipped, and its file read again."""
        table = cls()
        for row in rows:
            match row:
                case [str(path), int(size), int(mtime), int(inode), int(ctime), str(digest), int(at_ns)]:
                    table._records[path] = (Stat(size, mtime, inode, ctime), digest, at_ns)
                case _:
                    table.changed = True
        return table
