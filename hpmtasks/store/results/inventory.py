"""inventory: which results and blobs are in the cache folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from hpmtasks.dataclass import dataclass
from hpmtasks.store.inventory import every_file, files_in, folders
from hpmtasks.store.layout import Layout, is_sha256
from hpmtasks.store.results.digest import EMPTY, Digest
from hpmtasks.store.results.entry import unseal
from hpmtasks.store.results.result import ActionResult
from hpmtasks.store.results.wire import Malformed


@dataclass(frozen=True, slots=True)
class Kept:
    """A result in the cache folder.

    Attributes:
        path: The file.
        result: What it says; ``None`` if it cannot be read.
        used: When it was last of use, seconds since 1970.
        size: Bytes of it and of its blobs, what others share with it not deducted.
    """

    path: Path
    result: ActionResult | None
    used: float
    size: int


def kept_results(layout: Layout) -> Iterator[Kept]:
    """Every result, also those that cannot be read."""
    for folder in folders(layout.results):
        for path in files_in(folder):
            kept = _kept(path) if is_sha256(path.name) else None
            if kept is not None:
                yield kept


def kept_blobs(layout: Layout) -> Iterator[Path]:
    """Every blob, by its file."""
    for folder in folders(layout.blobs):
        yield from (path for path in files_in(folder) if is_sha256(path.name))


def count_results(layout: Layout) -> tuple[int, int]:
    """How many results there are, and how many bytes they and all blobs take."""
    results = list(every_file(layout.results))
    return len(results), sum(status.st_size for status in (*results, *every_file(layout.blobs)))


def blobs_of(layout: Layout, result: ActionResult) -> set[Path]:
    """The files that have to be there for *result* to be worth something."""
    return {layout.blob(digest.hash) for digest in result.digests() if digest != EMPTY}


def _kept(path: Path) -> Kept | None:
    """The result in the file *path*; ``None`` if it has gone meanwhile."""
    try:
        data, status = path.read_bytes(), os.lstat(path)
    except FileNotFoundError:
        return None
    except OSError:
        return Kept(path, None, 0.0, 0)
    try:
        result = unseal(Digest(path.name, 0), data)
    except Malformed:
        return Kept(path, None, status.st_mtime, status.st_size)
    blobs = sum(digest.size for digest in set(result.digests()))
    return Kept(path, result, status.st_mtime, status.st_size + blobs)
