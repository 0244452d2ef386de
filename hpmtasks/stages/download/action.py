"""action: find or fetch one archive."""

from __future__ import annotations

from hpmtasks.model.resolution import ResolvedPackage
from hpmtasks.session import Session
from hpmtasks.session.acquire import acquire
from hpmtasks.stages.download.record import DownloadRecord


def download(session: Session, package: ResolvedPackage) -> DownloadRecord:
    """The archive of *package* is in the store, by commit, wherever it came from.

    Resolving may have fetched it already for its package.json; then it is found.
    """
    entry = acquire(session, package.name, package.version, package.commit, package.integrity)
    return DownloadRecord(package.commit, entry.sha256, entry.size)


def is_in_store(session: Session, package: ResolvedPackage) -> bool:
    """Whether the store holds the archive or the tree of *package*."""
    store = session.store
    return (
        store.find_archive(package.name, package.commit) is not None
        or store.find_tree_of(package.name, package.commit) is not None
    )
