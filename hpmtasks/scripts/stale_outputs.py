"""stale_outputs: what an earlier run of a task left is gone before the next one, so that no result has it.

Else a file that a task no longer makes, or that a killed run left half, would be taken for an
output of the next. What stood there before the first run is somebody else's, and stays.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from hpmtasks.files.failures import storage_failures
from hpmtasks.files.globs import glob_set
from hpmtasks.scripts.standing import Standing, find, takes_folder


def paths_of(standing: Standing) -> tuple[str, ...]:
    """Everything that is *standing*, sorted."""
    return tuple(sorted((*standing.files, *standing.links, *standing.folders)))


def clear(folder: Path, patterns: tuple[str, ...], foreign: Collection[str]) -> None:
    """Nothing stands below *folder* that *patterns* take, except what is *foreign*.

    Folders that are empty for that reason are removed as far as *patterns* take them.

    Raises:
        StorageFailure: The file system refuses.
    """
    standing = find(folder, patterns)
    emptied = {path for path in standing.folders if path not in foreign}
    with storage_failures("write", folder):
        for path in (*standing.files, *standing.links):
            if path not in foreign:
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
