"""knowledge: the incompatibilities that a solver knows, by package, the newest first.

One that is contradicted is set aside until the level at which that happened ends. So
propagation looks again and again only at those that may still say something, however
many packages require the same one. See "Unit propagation" in docs/resolution.md.
"""

from __future__ import annotations

from itertools import count

from hpmtasks.model.package import PackageName
from hpmtasks.resolver.incompatibility import Incompatibility


class Knowledge:
    """Incompatibilities, each under every package that it speaks of."""

    def __init__(self) -> None:
        # A dictionary is used as an ordered set.
        self._about: dict[PackageName, dict[Incompatibility, None]] = {}
        # When each was learned: what was set aside goes back to its place among the others.
        self._place: dict[Incompatibility, int] = {}
        self._places = count()
        # The level at which each was set aside; these ascend.
        self._aside: dict[Incompatibility, int] = {}
        # Where something went back, and so is not in its place yet.
        self._unordered: set[PackageName] = set()

    def add(self, incompatibility: Incompatibility) -> None:
        """*incompatibility* is known, and the newest."""
        self._place[incompatibility] = next(self._places)
        for name in incompatibility.terms:
            self._about.setdefault(name, {})[incompatibility] = None

    def remove(self, incompatibility: Incompatibility) -> None:
        """*incompatibility* is not known any more, because another one says as much."""
        del self._place[incompatibility]
        if self._aside.pop(incompatibility, None) is None:
            self._take_out(incompatibility)

    def about(self, name: PackageName) -> list[Incompatibility]:
        """Those on *name* that are not set aside, the newest first."""
        found = self._about.get(name)
        if not found:
            return []
        if name in self._unordered:
            self._unordered.remove(name)
            found = self._about[name] = dict.fromkeys(sorted(found, key=self._place.__getitem__))
        return list(reversed(found))

    def set_aside(self, incompatibility: Incompatibility, level: int) -> None:
        """*incompatibility* is not looked at before :meth:`bring_back` of a lower level than *level*."""
        self._aside[incompatibility] = level
        self._take_out(incompatibility)

    def bring_back(self, level: int) -> None:
        """What was set aside at a higher level than *level* is looked at again."""
        while self._aside:
            incompatibility, since = self._aside.popitem()
            if since <= level:
                self._aside[incompatibility] = since
                return
            for name in incompatibility.terms:
                self._about[name][incompatibility] = None
                self._unordered.add(name)

    def _take_out(self, incompatibility: Incompatibility) -> None:
        for name in incompatibility.terms:
            del self._about[name][incompatibility]
