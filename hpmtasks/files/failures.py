"""failures: one clear sentence for each way in which a file system refuses."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from hpmtasks.errors import StorageFailure

# errno → what is the matter, and the way out.
_EXPLANATIONS: dict[int, tuple[str, str]] = {
    errno.ENOSPC: ("the disk is full", "Free some space there and run the command again."),
    errno.EDQUOT: ("your disk quota is used up", "Free some space there and run the command again."),
    errno.EROFS: ("the file system is read-only", "Make it writable, or work in another folder."),
    errno.EACCES: ("permission denied", "Check who owns it and its permissions."),
    errno.EPERM: ("operation not permitted", "Check who owns it and its permissions."),
    errno.ENOENT: ("it does not exist", "Another program may have removed it; run the command again."),
    errno.ENOTDIR: ("a part of that path is a file", "Move that file out of the way."),
    errno.EISDIR: ("it is a folder", "Move that folder out of the way."),
    errno.ELOOP: ("its symbolic links lead in a circle", "Remove the link."),
    errno.ENAMETOOLONG: ("the path is too long", "Work in a folder with a shorter path."),
    errno.EMFILE: ("too many files are open", "Raise the limit (ulimit -n) and run the command again."),
    errno.ENFILE: ("too many files are open", "Close other programs and run the command again."),
    errno.EFBIG: ("the file would be larger than allowed", "Raise the limit (ulimit -f)."),
    errno.EIO: ("the disk reports an error", "Check the disk; then run the command again."),
}


#: Errors that only a disk has. (A connection that breaks is an OSError too.)
OF_A_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG})


@contextmanager
def storage_failures(
    doing: str, path: str | os.PathLike[str], *, among: frozenset[int] | None = None
) -> Iterator[None]:
    """Inside, an ``OSError`` becomes a :class:`StorageFailure` that says what could not be done to *path*.

    Args:
        doing: The verb of the sentence, as in "Cannot *write* PATH".
        path: What a user knows the thing by; never a temporary name.
        among: The error numbers that are meant, where others' errors come by; by default all.
    """
    try:
        yield
    except OSError as error:
        if among is not None and error.errno not in among:
            raise
        raise StorageFailure(explain(error, doing, path)) from error


def explain(error: OSError, doing: str, path: str | os.PathLike[str]) -> str:
    """One sentence on what failed and one on the way out."""
    reason, way_out = _EXPLANATIONS.get(
        error.errno or 0, (error.strerror or str(error), "Check the disk and run the command again.")
    )
    return f"Cannot {doing} {os.fspath(path)}: {reason}. {way_out}"
