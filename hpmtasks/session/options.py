"""options: what the user asked of this run, beyond the files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpmtasks.dataclass import dataclass, replace
from hpmtasks.model.package import PackageName
from hpmtasks.model.resolution import ResolvedPackage

if TYPE_CHECKING:
    from hpmtasks.resolver.request import Direction


@dataclass(frozen=True, slots=True)
class Options:
    """How an installation is to go about it.

    Attributes:
        offline: Open no socket; what is missing is named.
        locked: The lock may not change; if it would, that is an error.
        frozen: Install what the lock says, without resolving; it must answer package.json.
        update: Packages whose locked version counts for nothing.
        update_all: No locked version counts.
        accept: Packages of which the locked version stays, and its tag says anew what that is.
        direction: Which candidates are tried first.
        without_dev: Lay out only what the project needs to run.
        only_dev: Lay out only what nothing but development needs.
        lock_only: Lay nothing out, and take nothing away: only the lock is written.
    """

    offline: bool = False
    locked: bool = False
    frozen: bool = False
    update: frozenset[PackageName] = frozenset()
    update_all: bool = False
    accept: frozenset[PackageName] = frozenset()
    direction: Direction = "highest"
    without_dev: bool = False
    only_dev: bool = False
    lock_only: bool = False

    def lays_out(self, package: ResolvedPackage) -> bool:
        """Whether *package* is to stand in ``hem_modules``; it is locked in any case."""
        return self.lays_out_as(dev=package.dev)

    def lays_out_as(self, *, dev: bool) -> bool:
        """Whether what only development needs, or else what everybody needs, is to stand there."""
        if self.lock_only:
            return False
        return not (self.without_dev and dev) and not (self.only_dev and not dev)

    @property
    def keeps_the_lock(self) -> bool:
        """Whether package-lock.json has to stay as it is."""
        return self.locked or self.frozen

    @property
    def are_plain_now(self) -> bool:
        """Whether a run that has ended well has come to what one without options comes to."""
        without = replace(self, offline=False, locked=False, frozen=False)
        return replace(without, update=frozenset(), update_all=False, accept=frozenset()) == Options()

    def releases(self, name: PackageName) -> bool:
        """Whether *name* may leave its locked version although it satisfies everything."""
        return self.update_all or name in self.update or self.direction != "highest"
