"""stale_outputs: what an earlier run of a task left is gone before the next one, so that no result has it.

Else a file that a task no longer makes, or that a killed run left half, would be taken for an
output of the next. Where something stood before the first run nothing is taken away at all.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from hpmtasks.files.failures import storage_failures
from hpmtasks.files.globs import glob_set
from hpmtasks.scripts.standing import find, takes_folder


def clear(folder: Path, patterns: tuple[str, ...]) -> None:
    """Nothing stands below *folder* that *patterns* take.

    Folders that are empty for that reason are removed as far as *patterns* take them.

    Raises:
        StorageFailure: The file system refuses.
    """
    standing = find(folder, patterns)
    emptied = set(standing.folders)
    with storage_failures("write", folder):
        for path in (*standing.files, *standing.links):
            os.unlink(folder / path)
            emptied |= _above(path)
    place = glob_set(patterns).start
    for path in sorted(emptied, key=len, reverse=True):
        if takes_folder(place, path):
            with suppress(OSError):  # it is not empty
                os.rmdir(folder / path)


def _above(path: str) -> set[str]:
    parts = path.split("/")[:-1]
    return {"/".join(parts[:length]) for length in range(1, len(parts) + 1)}
