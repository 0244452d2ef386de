"""foresight: fetch side by side what the solver will ask for one by one.

The solver decides one package after another, and each decision may need a package that
nobody has looked at yet: a round trip for its tags, one for its archive, and so on down
the tree. So what the project requires is followed before there is a solver: the tags, then
the archive of the version that will probably be chosen, and, as soon as that is there, what
its package.json requires. Each package is followed once, from the first requirement that
names it; a wrong guess costs what "What it costs to ask" in ``docs/resolution.md`` says.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from hpmtasks.errors import HpmError
from hpmtasks.model.manifest import get_all_dependencies
from hpmtasks.model.package import PackageName, Requirement
from hpmtasks.session.ahead import begin, foreseen
from hpmtasks.session.manifests import published_manifest, reading
from hpmtasks.session.newest import newest_of
from hpmtasks.session.session import Session
from hpmtasks.session.speculation import is_answered

if TYPE_CHECKING:
    from hpmtasks.sources.source import Tag


def foresee_requirements(session: Session) -> bool:
    """Follow what the project and its members require, as far as the lock does not answer it.

    Only the store is written; the graph comes to ask for the same, and finds it begun.

    Returns:
        Whether anything has to be chosen, as far as can be seen.
    """
    if session.options.keeps_the_lock or session.options.offline:
        return False
    is_open = False
    lowest = session.options.direction != "highest"
    with suppress(HpmError):  # what is wrong with a document is for a task to tell
        for member in session.workspace.everyone():
            for requirement in get_all_dependencies(member.manifest):
                is_open |= follow(session, requirement, lowest=lowest)
    return is_open


def foresee(session: Session, name: PackageName, tag: Tag) -> None:
    """Fetch the archive of *tag*, and what its package.json leads to, ahead of whoever will ask."""

    def follow_all() -> None:
        # Whatever is wrong here is told when it is really asked for.
        with suppress(HpmError, ValueError):
            manifest = published_manifest(session, name, tag.version, tag.commit)
            for requirement in manifest.requirements if manifest else ():
                follow(session, requirement)

    begin(session, [foreseen(session, name, tag.version, tag.commit)])
    session.executor.start(
        reading(session, name, tag.version, tag.commit),
        (f"foresight of {name.key}", follow_all),
    )


def foresee_newest(session: Session, name: PackageName) -> None:
    """Read the tags of *name* ahead, and fetch its newest release, which will probably be taken."""

    def guess() -> None:
        with suppress(HpmError):
            versions = {
                tag.version: tag for tag in session.executor.collect(*session.reading_tags(name)).tags
            }
            if versions:
                foresee(session, name, versions[newest_of([*versions])])

    session.executor.start((f"guess for {name.key}", guess))
    session.speculation.begin(name)


def follow(session: Session, requirement: Requirement, *, lowest: bool = False) -> bool:
    """Read ahead the tags of what *requirement* names, and fetch what will probably be chosen of it.

    Nothing is begun for a member of the workspace, for what the lock answers, nor where an override
    may say something else.

    Args:
        lowest: The lowest version will be tried first, not the highest.

    Returns:
        Whether it was, now or before.
    """
    name = requirement.name
    if _is_overridden(session, name) or is_answered(session, requirement):
        return False

    def guess() -> None:
        with suppress(HpmError):
            listed = session.executor.collect(*session.reading_tags(name))
            fitting = [tag for tag in listed.tags if requirement.constraint.allows(tag.version)]
            if fitting:
                is_lowest = lowest or session.options.direction == "lowest"
                foresee(session, name, fitting[0] if is_lowest else fitting[-1])

    session.executor.start((f"guess for {name.key}", guess))
    session.speculation.begin(name)
    return True


def _is_overridden(session: Session, name: PackageName) -> bool:
    return any(
        key.rpartition(">")[2].strip().lower() == name.key for key in session.documents.manifest.overrides
    )
