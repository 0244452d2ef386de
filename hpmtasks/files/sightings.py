"""sightings: what somebody went by who looked at files, for telling later that another look is no use.

Of a file, a link, or a folder whose entries were listed, everything that a change of it changes,
too; of a folder that was only passed on the way to a name in it, that it is the same folder;
of a name that was not there, that. While all of it is as it was, the same look finds the same.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterable

from hpmtasks.files.fingerprint import TICK_NS

#: Size, mtime, inode, ctime and mode, as ``front.stamp.look`` has them.
Seen = tuple[int, int, int, int, int]


class Sightings:
    """What was seen since *began_ns*, by absolute path.

    Args:
        began_ns: When the look began, in nanoseconds since 1970; now, if nothing is said.

    Attributes:
        entries: What counts with all of it.
        passed: Inode and mode of folders that were passed.
        absent: Where nothing was.
        is_sure: Whether each later change would show. What changed within the tick of the clock before the
            look may change again in it, and then looks the same.
    """

    __slots__ = ("_settled_ns", "absent", "entries", "is_sure", "passed")

    def __init__(self, began_ns: int | None = None) -> None:
        self.entries: dict[str, Seen] = {}
        self.passed: dict[str, tuple[int, int]] = {}
        self.absent: set[str] = set()
        self.is_sure = True
        self._settled_ns = (time.time_ns() if began_ns is None else began_ns) - TICK_NS

    def saw(self, path: str, status: os.stat_result) -> None:
        """All of the entry *path* counts; *status* is its ``lstat`` from before it was read."""
        seen = (status.st_size, status.st_mtime_ns, status.st_ino, status.st_ctime_ns, status.st_mode)
        self.entries[path] = seen
        if seen[1] >= self._settled_ns or seen[3] >= self._settled_ns:
            self.is_sure = False

    def met(self, path: str, status: os.stat_result) -> None:
        """*path* was asked for by its name: a folder was passed, anything else counts."""
        if stat.S_ISDIR(status.st_mode):
            self.passed[path] = (status.st_ino, status.st_mode)
        else:
            self.saw(path, status)

    def missed(self, path: str) -> None:
        """Nothing is at *path*."""
        self.absent.add(path)

    def look(self, path: str) -> None:
        """Whatever is at *path* counts, and be it nothing; of a folder, what it lists."""
        try:
            self.saw(path, os.lstat(path))
        except OSError:
            self.missed(path)

    def look_at_all(self, paths: Iterable[str]) -> None:
        """As :meth:`look`, for each of *paths*."""
        for path in paths:
            self.look(path)

    def add(self, other: Sightings) -> bool:
        """What *other* saw counts as well. Whether both fit together; else something changed in between."""
        fits = all(self.entries.setdefault(path, seen) == seen for path, seen in other.entries.items())
        fits &= all(self.passed.setdefault(path, seen) == seen for path, seen in other.passed.items())
        self.absent |= other.absent
        self.is_sure &= other.is_sure
        return fits and not any(path in self.entries for path in other.absent)
