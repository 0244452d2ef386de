"""presumption: which tasks are fresh by what an earlier run of the same command line has left.

Its stamp as a whole vouches for nothing any more, because something has changed. But it tells of
each task what that was found fresh by; where all of it is as it was, so is the task, and neither
its record nor its files need be looked at any closer.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from hpmtasks.files.sightings import Sightings
from hpmtasks.front import runs


class Presumption:
    """What a stamp still shows.

    Args:
        rows: By task, the numbers of what it was found fresh by.
        seen: All of it, in one order: paths, with what was seen there.

    Attributes:
        seconds: How long each task took when it last ran, fresh or not.
    """

    def __init__(
        self,
        seconds: Mapping[str, float],
        rows: Mapping[str, Sequence[int]],
        seen: Sequence[tuple[str, tuple[int, ...]]],
    ) -> None:
        self.seconds = seconds
        self._rows = rows
        self._seen = seen

    def of(self, task: str) -> Sightings | None:
        """What *task* is fresh by; ``None`` if something of it has changed, or nothing is known of it."""
        row = self._rows.get(task)
        if row is None:
            return None
        found = Sightings()
        for number in row:
            path, values = self._seen[number]
            match values:
                case (size, mtime_ns, inode, ctime_ns, mode):
                    found.entries[path] = (size, mtime_ns, inode, ctime_ns, mode)
                case (inode, mode):
                    found.passed[path] = (inode, mode)
                case _:
                    found.absent.add(path)
        return found


def presume(
    root: str, member: str, arguments: Sequence[str], environ: Mapping[str, str]
) -> Presumption | None:
    """What the stamp of *arguments*, said in *member*, still shows; ``None`` if nothing.

    That is so when there is none, or when what counts for all tasks has changed.
    """
    if environ.get("HPM_FASTPATH", "on") != "on":
        return None
    try:
        left = runs.read_left(root, member, arguments, environ)
        return None if left is None else _still_shown(root, left)
    except (OSError, ValueError, IndexError):
        return None


def _still_shown(root: str, left: runs.Left) -> Presumption | None:
    seen = list(_seen(f"{root}/", left))
    changed = {number for number, (path, values) in enumerate(seen) if not _is_as_seen(path, values)}
    numbers = iter(left.numbers("uses"))
    rows = {name: list(islice(numbers, next(numbers))) for name in left.texts("tasks")}
    fresh = {name: row for name, row in rows.items() if changed.isdisjoint(row)}
    if runs.COMMON not in fresh:
        return None
    seconds = dict(zip(rows, (each / 1e6 for each in left.numbers("seconds")), strict=True))
    return Presumption(seconds, fresh, seen)


def _seen(prefix: str, left: runs.Left) -> Iterator[tuple[str, tuple[int, ...]]]:
    for name, width in (("entries", 5), ("passed", 2), ("absent", 0)):
        numbers = iter(left.numbers(f"{name}_seen")) if width else iter(())
        for path in left.texts(name):
            place = path if path.startswith("/") else os.path.normpath(prefix + path)
            yield place, tuple(islice(numbers, width))


def _is_as_seen(path: str, values: tuple[int, ...]) -> bool:
    try:
        found = os.lstat(path)
    except OSError:
        return not values
    if len(values) == 5:
        return values == (found.st_size, found.st_mtime_ns, found.st_ino, found.st_ctime_ns, found.st_mode)
    return values == (found.st_ino, found.st_mode)
