"""tasks: ``tags:<name>``, one for each package that is known before resolving."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from hpmtasks.doit_core import Task
from hpmtasks.graph import Record, group, stage_task
from hpmtasks.model.package import PackageName
from hpmtasks.session import Session
from hpmtasks.stages.fetch.action import fetch, needs_tags


def tasks(session: Session, names: Sequence[PackageName]) -> Iterator[Task]:
    """``tags:<name>`` for each of *names*, and ``tags`` for all of them.

    Packages that resolving discovers have their tags read by ``resolve`` itself; they
    have a task of this kind from the next run on.
    """
    already_read = frozenset(name for name in names if session.has_read_tags(name))

    def work(name: PackageName) -> Record:
        for other in names:  # one round trip for all, not one each
            if needs_tags(session, other):
                session.expect_tags(other)
        return fetch(session, name).to_json()

    def is_fresh(name: PackageName) -> bool:
        return session.resolution is not None or name in already_read or not needs_tags(session, name)

    for name in names:
        yield stage_task(
            session,
            f"tags:{name}",
            doc=f"read which versions {name} has",
            work=partial(work, name),
            is_fresh=partial(is_fresh, name),
        )
    yield group("tags", [f"tags:{name}" for name in names], "read which versions the packages have")
