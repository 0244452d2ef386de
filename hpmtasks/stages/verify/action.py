"""action: unpack one archive and vouch for what is in it, or refuse."""

from __future__ import annotations

from collections.abc import Sequence

from hpmtasks.errors import IntegrityMismatch
from hpmtasks.model.resolution import ResolvedPackage
from hpmtasks.session import Session
from hpmtasks.session.acquire import acquisition, unpacked
from hpmtasks.session.executor import Step
from hpmtasks.stages.verify.record import VerifyRecord
from hpmtasks.store.entries import TreeEntry

_HINT = (
    "What is published under this commit is not what was locked. Do not install it before you know why:"
    " ask the author, or compare the two. If the new contents are right, delete the package's entry"
    " from package-lock.json and run 'hpm install'."
)


def verify(session: Session, package: ResolvedPackage) -> VerifyRecord:
    """The contents of *package* stand in the store under their digest, and they are the promised ones.

    The tree decides. An archive whose bytes changed while its contents did not is
    accepted, because servers compress anew; only where no tree was promised do the
    archive's bytes count.

    Raises:
        IntegrityMismatch: The contents are others. Nothing of them reaches ``hem_modules``.
        UnsafeArchive: The archive cannot be unpacked safely.
    """
    tree = verified_tree(session, package)
    integrity = session.store.integrity_of(package.name, package.commit)
    while integrity is None:  # somebody emptied the store between the two
        tree = verified_tree(session, package)
        integrity = session.store.integrity_of(package.name, package.commit)
    if package.tree is not None and package.tree != tree.digest:
        raise IntegrityMismatch(str(package.id), expected=package.tree, actual=tree.digest, hint=_HINT)
    if package.tree is None and package.integrity not in (None, integrity):
        raise IntegrityMismatch(str(package.id), expected=package.integrity, actual=integrity, hint=_HINT)
    session.verified[package.name.key, package.commit] = tree
    has_archives = session.source_of(package.name).has_archives
    return VerifyRecord(package.commit, tree.digest, integrity if has_archives else None)


def fill(session: Session, packages: Sequence[ResolvedPackage]) -> list[ResolvedPackage]:
    """The verified contents of all *packages* stand in the store; nothing else is written.

    Returns:
        Those that were not there before.

    Raises:
        HpmError: What failed for the first of them that failed.
    """
    present: list[ResolvedPackage] = []
    missing: list[ResolvedPackage] = []
    for package in packages:
        is_there = session.store.find_tree_of(package.name, package.commit) is not None
        (present if is_there else missing).append(package)
    for package in missing:
        asked = acquisition(session, package.name, package.version, package.commit, package.integrity)
        session.executor.start(asked, verification(session, package))
    for package in present:
        verify(session, package)
    for package in missing:
        session.executor.collect(*verification(session, package))
    return missing


def verification(session: Session, package: ResolvedPackage) -> Step:
    """The key and the work of :func:`verify`, for the executor: whoever comes second finds it done."""

    def work() -> VerifyRecord:
        return verify(session, package)

    return f"verified {package.name.key} {package.commit}", work


def verified_tree(session: Session, package: ResolvedPackage) -> TreeEntry:
    """The unpacked contents of *package* in the store, made from its archive where they are missing."""
    return unpacked(session, package.name, package.version, package.commit, package.integrity)
