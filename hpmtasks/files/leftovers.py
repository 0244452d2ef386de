"""leftovers: temporary names say who made them, so that what a killed run left behind can be removed."""

from __future__ import annotations

import os
import time
import zlib
from contextlib import suppress
from functools import cache
from pathlib import Path

from hpmtasks.files.removal import remove_tree
from hpmtasks.pattern import pattern

#: How every temporary name begins; no package, owner or file of a user is called so.
PREFIX = ".tmp-"
_NAME = pattern(r"\.tmp-([0-9a-f]{8})-([0-9]{1,10})-[0-9a-f]+")
# A process on another machine or in another container cannot be asked whether it lives.
_SECONDS_OF_GRACE = 24 * 60 * 60


def temporary_name() -> str:
    """A name that nobody else uses: ``.tmp-<machine>-<pid>-<random>``."""
    return f"{PREFIX}{_machine()}-{os.getpid()}-{os.urandom(6).hex()}"


def temporary_beside(target: Path) -> Path:
    """A :func:`temporary_name` in *target*'s folder."""
    return target.parent / temporary_name()


def sweep(folder: Path) -> int:
    """The temporary entries that no living process of this machine owns are gone from *folder*.

    An entry of another machine (or container) that shares the folder goes when it is a day old.
    What cannot be removed is left for the next sweep.

    Returns:
        How many were removed.
    """
    try:
        names = os.listdir(folder)
    except OSError:
        return 0
    removed = 0
    for name in names:
        path = folder / name
        if name.startswith(PREFIX) and _is_abandoned(name, path):
            with suppress(Exception):
                remove_tree(path)
                removed += 1
    return removed


def _is_abandoned(name: str, path: Path) -> bool:
    made_by = _NAME.fullmatch(name)
    if made_by and made_by[1] == _machine():
        return not _is_alive(int(made_by[2]))
    try:
        return time.time() - os.lstat(path).st_mtime > _SECONDS_OF_GRACE
    except OSError:
        return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True  # it is somebody else's
    return not _has_ended(pid)


def _has_ended(pid: int) -> bool:
    """Whether *pid* is only still there because nobody has asked how it ended; Linux tells."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b") ")[2][:1] in {b"Z", b"X"}
    except OSError:
        return False


@cache
def _machine() -> str:
    """Eight hex digits for the set of processes among which a pid means something."""
    try:
        namespace = os.readlink("/proc/self/ns/pid")
    except OSError:
        namespace = ""
    return f"{zlib.crc32(f'{os.uname().nodename} {namespace}'.encode()):08x}"
