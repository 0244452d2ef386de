"""action: read the tags of one package."""

from __future__ import annotations

from hpmtasks.model.package import PackageName
from hpmtasks.session import Session
from hpmtasks.stages.fetch.record import TagsRecord


def fetch(session: Session, name: PackageName) -> TagsRecord:
    """The versions of *name* are known to this run; one request at most, shared with the resolver."""
    return TagsRecord.now(session.source_of(name).kind, session.tags(name))


def needs_tags(session: Session, name: PackageName) -> bool:
    """Whether *name* cannot be resolved from the lock alone.

    It can if the lock has an entry for it that names its commit, and that every
    requirement which the project or a locked package puts on it allows.
    """
    if session.options.keeps_the_lock:
        return False
    entry = session.documents.locked.get(name)
    if entry is None or entry.commit is None:
        return True
    return any(not constraint.allows(entry.version) for constraint in session.documents.constraints_on(name))
