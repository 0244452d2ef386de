"""speculation: what a package will probably require, by the package.json of its default branch.

What a version requires is known with its archive: two round trips after its name. What the default
branch requires is known after one, and is mostly the same. So it is asked for beside the tags, the
tags of what it names are read at once, and so on down the tree; the archives then follow each other
without a question in between. Nothing that is chosen depends on it, and no archive is fetched for it:
"What it costs to ask" in ``docs/resolution.md``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from hpmtasks.errors import HpmError
from hpmtasks.model.manifest import parse_dependency_manifest
from hpmtasks.model.package import PackageName, Requirement

if TYPE_CHECKING:
    from hpmtasks.session.session import Session
    from hpmtasks.sources.source import GlimpsedSource

#: The most questions of a run, and the most tag lists that are read because of them. Few are enough to
#: be a step ahead; where there is more to fetch, computing takes longer than waiting.
MOST, MOST_NAMES = 8, 40
# After so many default branches in a row that show nothing no other is asked.
_MOST_IN_VAIN = 3
# A server that answers within so many seconds is near: to ask it ahead costs more than it brings.
_NEAR = 0.005


class Speculation:
    """The questions for default branches of one run; any thread may begin one."""

    def __init__(self, session: Session) -> None:
        self._session = session
        wanted = session.settings.speculation
        self._is_over = wanted == "off" or session.options.offline
        self._ends_where_near = wanted == "auto"
        self._guard = threading.Lock()
        self._begun: set[str] = set()
        self._named: set[str] = set()
        self._in_vain = 0

    def begin(self, name: PackageName) -> None:
        """Ask what the default branch of *name* requires, unless that is no longer worth it.

        Raises:
            InvalidSetting: The source of *name* cannot be used.
        """
        if self._is_over:
            return
        source = self._session.source_of(name)
        from hpmtasks.sources.source import GlimpsedSource

        if not isinstance(source, GlimpsedSource):
            return
        with self._guard:
            if len(self._begun) >= MOST or name.key in self._begun:
                return
            self._begun.add(name.key)

        def look() -> None:
            for requirement in self._look(source, name):
                self._session.expect_tags(requirement.name)
                self.begin(requirement.name)

        self._session.executor.start((f"glimpse of {name.key}", look))

    def _look(self, source: GlimpsedSource, name: PackageName) -> Iterable[Requirement]:
        began = time.monotonic()
        try:
            text = source.glimpse(name)
        except HpmError:  # nobody has asked; who does will be told
            text, self._is_over = None, True
        is_near = time.monotonic() - began < _NEAR
        with self._guard:
            self._in_vain = 0 if text is not None else self._in_vain + 1
            if self._in_vain >= _MOST_IN_VAIN or (is_near and self._ends_where_near):
                self._is_over = True
        try:
            return self._new(parse_dependency_manifest(text).requirements) if text is not None else ()
        except (ValueError, HpmError):
            return ()

    def _new(self, requirements: Iterable[Requirement]) -> list[Requirement]:
        """Those of *requirements* that will probably be asked for, and are not yet."""
        found = [each for each in requirements if not is_answered(self._session, each)]
        with self._guard:
            found = [each for each in found if each.name.key not in self._named]
            found = found[: MOST_NAMES - len(self._named)]
            self._named.update(each.name.key for each in found)
        return found


def is_answered(session: Session, requirement: Requirement) -> bool:
    """Whether nobody will be asked about *requirement*: the lock, or a member of the workspace, answers."""
    name = requirement.name
    if name in session.workspace.by_name:
        return True
    entry = session.documents.locked.get(name)
    return entry is not None and requirement.constraint.allows(entry.version)
