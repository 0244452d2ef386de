"""layout: the files of a locked package, from the store to a folder."""

from __future__ import annotations

import errno
from pathlib import Path

from hpmtasks.errors import IntegrityMismatch, StorageFailure
from hpmtasks.model.resolution import ResolvedPackage
from hpmtasks.session.acquire import ATTEMPTS, unpacked
from hpmtasks.session.ahead import files_key
from hpmtasks.session.session import Session
from hpmtasks.store.entries import DamagedEntry, LinkMethod, TreeEntry

# What was prepared is gone, or its folder is on another disk; in either case nothing is in its place yet.
_CANNOT_COME = frozenset({errno.ENOENT, errno.EXDEV})


def lay_out_verified(
    session: Session, package: ResolvedPackage, folder: Path, *, how: LinkMethod | None = None
) -> LinkMethod:
    """*folder* holds the files of *package* as published; before, and if this fails, it is as it was.

    What the store lacks is fetched; a copy that was damaged there is made anew.

    Args:
        how: The way to begin with; ``COPY`` where the files are to be changed.

    Raises:
        IntegrityMismatch: The contents are not those that the lock promises.
    """
    if how is None and (method := _placed(session, package, folder)) is not None:
        return method
    for _ in range(ATTEMPTS):
        tree = _promised(session, package, session.verified.pop((package.name.key, package.commit), None))
        try:
            return session.store.lay_out(tree, folder, how=how)
        except DamagedEntry as damage:
            session.store.discard_tree(tree.digest)
            if not damage.is_missing:  # else somebody cleans the store up
                session.warnings.append(
                    f"The store's copy of {package.id} was damaged and has been made anew."
                )
    return session.store.lay_out(_promised(session, package), folder, how=how)


def _placed(session: Session, package: ResolvedPackage, folder: Path) -> LinkMethod | None:
    """How a worker has laid *package* out, which is in its place now; ``None`` if none has, or it is gone."""
    session.executor.await_if_begun(files_key(package))
    delivery = session.delivered.pop((package.name.key, package.commit), None)
    prepared = delivery.prepared if delivery is not None else None
    if prepared is None or session.modules.locked_tree(package) != prepared.tree:
        return None
    try:
        session.store.place(prepared, folder)
    except StorageFailure as failure:
        if isinstance(failure.__cause__, OSError) and failure.__cause__.errno in _CANNOT_COME:
            return None
        raise
    return prepared.method


def _promised(session: Session, package: ResolvedPackage, known: TreeEntry | None = None) -> TreeEntry:
    """The tree of *package*; *known* if this run has found it already: each file is looked at again."""
    tree = known or unpacked(session, package.name, package.version, package.commit, package.integrity)
    promised = session.modules.locked_tree(package)
    if promised not in (None, tree.digest):
        raise IntegrityMismatch(
            str(package.id),
            expected=str(promised),
            actual=tree.digest,
            hint="What is published under the locked commit is not what was locked.",
        )
    return tree
