"""action: unpack one archive and vouch for what is in it, or refuse."""

from __future__ import annotations

from collections.abc import Sequence

from hpmtasks.errors import IntegrityMismatch
from hpmtasks.model.resolution import ResolvedPackage
from hpmtasks.session import Session
from hpmtasks.session.acquire import acquisition, delivered, unpacked
from hpmtasks.session.ahead import begin, orders
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
    tree, integrity, entry = _measured(session, package)
    if package.tree is not None and package.tree != tree:
        raise IntegrityMismatch(str(package.id), expected=package.tree, actual=tree, hint=_HINT)
    if package.tree is None and package.integrity not in (None, integrity):
        raise IntegrityMismatch(str(package.id), expected=package.integrity, actual=integrity, hint=_HINT)
    if entry is not None:
        session.verified[package.name.key, package.commit] = entry
    has_archives = session.source_of(package.name).has_archives
    return VerifyRecord(package.commit, tree, integrity if has_archives else None)


def _measured(session: Session, package: ResolvedPackage) -> tuple[str, str, TreeEntry | None]:
    """The digest of what is in the archive of *package*, that of the archive itself, and the tree.

    A worker that has unpacked it has told both digests; it is a fork of this process, and so taken at
    its word. The tree itself is then looked at by nobody before it is needed.
    """
    delivery = delivered(session, package)
    if delivery is not None:
        return delivery.tree, f"sha256-{delivery.sha256}", None
    while True:
        own = (package.name.key, package.commit)
        tree = session.unpacked.get(own) or verified_tree(session, package)
        if own in session.unpacked:
            session.unpacked[own] = None  # from here on it is looked for
        integrity = session.store.integrity_of(package.name, package.commit)
        if integrity is not None:  # else somebody emptied the store between the two
            return tree.digest, integrity, tree


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
    begin_verifying(session, missing)
    for package in present:
        verify(session, package)
    for package in missing:
        session.executor.collect(*verification(session, package))
    return missing


def begin_verifying(session: Session, packages: Sequence[ResolvedPackage]) -> None:
    """All *packages* are on their way into the store, and to be vouched for; workers lay them out, too."""
    begin(session, orders(session, packages))
    if session.workers is None:
        for package in packages:
            asked = acquisition(session, package.name, package.version, package.commit, package.integrity)
            session.executor.start(asked, verification(session, package))


def verification(session: Session, package: ResolvedPackage) -> Step:
    """The key and the work of :func:`verify`, for the executor: whoever comes second finds it done."""

    def work() -> VerifyRecord:
        return verify(session, package)

    return f"verified {package.name.key} {package.commit}", work


def verified_tree(session: Session, package: ResolvedPackage) -> TreeEntry:
    """The unpacked contents of *package* in the store, made from its archive where they are missing."""
    return unpacked(session, package.name, package.version, package.commit, package.integrity)
