"""archives: an archive of the store as it was received, and the record of what it is the archive of."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hpmtasks.errors import UnsafeArchive
from hpmtasks.files.failures import storage_failures
from hpmtasks.files.removal import remove_tree
from hpmtasks.model.package import PackageName
from hpmtasks.store.entries import ArchiveEntry, DamagedEntry
from hpmtasks.store.index import read_record, write_record
from hpmtasks.store.layout import Layout
from hpmtasks.store.tree import sha256_of

if TYPE_CHECKING:
    from hpmtasks.store.extract import Archive
    from hpmtasks.store.received import Received


def label_of(name: PackageName, version: str, commit: str) -> str:
    """What people know the archive by."""
    return f"{name}@{version or commit}"


def keep(layout: Layout, received: Received, sha256: str) -> Path:
    """What was *received*, which has this *sha256*, is an archive of the store: the file that is returned.

    Raises:
        StorageFailure: The file system refuses.
    """
    path = layout.archive(sha256)
    with storage_failures("write", layout.cache):
        try:
            received.keep(path)  # over an equal one, or a damaged one
        except IsADirectoryError:
            remove_tree(path)
            received.keep(path)
    return path


def add(layout: Layout, name: PackageName, commit: str, received: Received, version: str) -> ArchiveEntry:
    """What was *received* is the archive of *name* at *commit*, and that is recorded.

    Raises:
        UnsafeArchive: It is no archive at all.
        StorageFailure: The file system refuses.
    """
    from hpmtasks.store.extract import refusals
    from hpmtasks.store.identify import identify

    with refusals(label_of(name, version, commit)), storage_failures("read", layout.cache):
        comment = identify(received.beginning())
        sha256, size = received.digest(), received.size()
    path = keep(layout, received, sha256)
    known = read_record(layout, name, commit)
    tree = ""
    if known is not None and known.sha256 == sha256:
        tree, version = known.tree, version or known.version
    entry = ArchiveEntry(name, commit, sha256, size, path, comment, tree, version)
    write_record(layout, entry)
    return entry


def discard(layout: Layout, name: PackageName, commit: str) -> None:
    """There is no archive of *name* at *commit*, and no record of one."""
    entry = read_record(layout, name, commit)
    remove_tree(layout.record(name, commit))
    if entry is not None:
        remove_tree(entry.path)


@contextmanager
def opened(layout: Layout, name: PackageName, commit: str) -> Iterator[tuple[ArchiveEntry, Archive]]:
    """The archive, its bytes those that were received; what turns out unusable inside is discarded.

    Raises:
        DamagedEntry: It is not what was received; it is gone. Also if there is none.
        UnsafeArchive: It cannot be used; it is gone.
    """
    from hpmtasks.store.extract import open_archive, refusals

    entry = read_record(layout, name, commit)
    label = label_of(name, entry.version if entry else "", commit)
    if entry is None:
        raise DamagedEntry(label, expected="an archive in the cache", actual="none", is_missing=True)
    is_missing = False
    try:
        actual = sha256_of(entry.path)
    except OSError as error:
        actual, is_missing = error.strerror or "unreadable", isinstance(error, FileNotFoundError)
    if actual != entry.sha256:
        discard(layout, name, commit)
        raise DamagedEntry(label, expected=f"sha256-{entry.sha256}", actual=actual, is_missing=is_missing)
    try:
        with refusals(label), storage_failures("unpack", entry.path):
            os.makedirs(layout.temporary, exist_ok=True)
            archive = open_archive(entry.path, layout.temporary)
        with refusals(label):
            yield entry, archive
    except UnsafeArchive:
        # It may have been cut on its way without anybody noticing: the next run fetches it afresh.
        discard(layout, name, commit)
        raise
