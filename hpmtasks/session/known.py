"""known: what this machine remembers of versions from its other projects, compared with what is there now.

A version that a project chooses anew, and that another project of this machine took at
another commit, was moved in between. As with a tag that was moved after it was locked
(:mod:`hpmtasks.session.moved`) what is known is kept, and told; ``hpm accept`` takes the new.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hpmtasks.dataclass import replace
from hpmtasks.model.origin import address_in, repository_key
from hpmtasks.model.package import PackageId, PackageName
from hpmtasks.model.resolution import ResolvedPackage
from hpmtasks.project.known import Taken
from hpmtasks.session.session import Session

if TYPE_CHECKING:
    from hpmtasks.sources.source import Tag


def origin_of(session: Session, name: PackageName, tag: Tag) -> str:
    """Where *name* comes from, as the ledger calls it; empty for what means something else elsewhere."""
    source = session.source_of(name)
    if source.kind == "directory":
        return ""
    return repository_key(address_in(source.resolved(name, tag.name, tag.commit, tag.version), tag.commit))


def as_known(session: Session, package: PackageId, tag: Tag) -> Tag:
    """*tag* of *package*, or, if this machine took the version at another commit, the tag as it was then.

    That is told, once. What is locked in this project, or is being accepted, is not asked about.
    """
    entry = session.documents.entries.get(package.name)
    is_locked = entry is not None and entry.commit is not None and str(entry.version) == str(tag.version)
    if is_locked or package.name in session.options.accept:
        return tag
    origin = origin_of(session, package.name, tag)
    known = session.ledger.taken(origin).get(str(tag.version)) if origin else None
    if known is None or known.commit == tag.commit:
        return tag
    told = (
        f"The tag of {package} was moved: this machine took it as {known.commit[:12]} on {_day(known.time)},"
        f" and it is {tag.commit[:12]} now. What is known is taken again. To take what there is now, when"
        f" it is locked: hpm accept {package}"
    )
    if told not in session.warnings:
        session.warnings.append(told)
    return replace(tag, commit=known.commit)


def remember(session: Session) -> None:
    """The ledger has what is locked now; ``session.warnings`` tells of what it knew otherwise, once.

    That can only come from a lock that somebody else has written. It decides.
    """
    packages = session.resolution.packages if session.resolution else ()
    news: dict[str, dict[str, Taken]] = {}
    for package in packages:
        origin = repository_key(address_in(package.resolved, package.commit))
        if package.source == "directory" or not origin:
            continue
        version = str(package.version)
        known = session.ledger.taken(origin).get(version)
        if known is not None and known.commit == package.commit:
            continue
        news.setdefault(origin, {})[version] = Taken(package.commit, package.tree, int(time.time()))
        if known is not None and package.name not in session.options.accept:
            session.warnings.append(_told_of_lock(package, known))
    session.ledger.record_taken(news)


def _told_of_lock(package: ResolvedPackage, known: Taken) -> str:
    return (
        f"{package.id} is locked as commit {package.commit[:12]}, and this machine took it as"
        f" {known.commit[:12]} on {_day(known.time)}: its tag was moved in between, or the lock was edited."
        f" The lock was followed. 'hpm verify {package.name}' compares it with its repository."
    )


def _day(moment: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(moment, UTC).date().isoformat()
