"""foresight: fetch side by side what the solver will ask for one by one.

The solver decides one package after another, and each decision may need a package that
nobody has looked at yet: a round trip for its tags, one for its archive, and so on down
the tree. So as soon as an archive is there, its package.json is read and what it requires
is followed: its tags, then the archive of the version that will probably be chosen, and
what that requires. Each package is followed once, from the first requirement that names
it; a wrong guess costs what "What it costs to ask" in ``docs/resolution.md`` says.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from hpmtasks.errors import HpmError
from hpmtasks.model.manifest import parse_dependency_manifest
from hpmtasks.model.package import PackageName, Requirement
from hpmtasks.session.acquire import acquisition, manifest_text
from hpmtasks.session.session import Session
from hpmtasks.sources.source import Tag


def foresee(session: Session, name: PackageName, tag: Tag) -> None:
    """Fetch the archive of *tag*, and what its package.json leads to, ahead of whoever will ask."""
    session.executor.start(
        acquisition(session, name, tag.version, tag.commit),
        (f"foresight of {name.key}", _following(session, name, tag)),
    )


def _following(session: Session, name: PackageName, tag: Tag) -> Callable[[], None]:
    def follow_all() -> None:
        # Whatever is wrong here is told when it is really asked for.
        with suppress(HpmError, ValueError):
            text = manifest_text(session, name, tag.version, tag.commit)
            for requirement in parse_dependency_manifest(text).requirements if text else ():
                _follow(session, requirement)

    return follow_all


def _follow(session: Session, requirement: Requirement) -> None:
    name = requirement.name
    if name in session.workspace.by_name:
        return
    entry = session.documents.locked.get(name)
    if entry is not None and requirement.constraint.allows(entry.version):
        return  # the lock answers, and nobody will be asked

    def guess() -> None:
        with suppress(HpmError):
            fitting = [tag for tag in session.tags(name).tags if requirement.constraint.allows(tag.version)]
            if fitting:
                foresee(session, name, fitting[0] if session.options.direction == "lowest" else fitting[-1])

    session.executor.start(session.reading_tags(name), (f"guess for {name.key}", guess))
