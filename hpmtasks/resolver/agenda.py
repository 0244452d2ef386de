"""agenda: which package is decided next. See "Decisions" in docs/resolution.md."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush

from hpmtasks.dataclass import NamedTuple
from hpmtasks.model.package import PackageId, PackageName
from hpmtasks.semver.version_set import VersionSet


class _Option(NamedTuple):
    """What is tried next of a package, while *versions* are those that may still be chosen."""

    versions: VersionSet
    left: int
    package: PackageId


class Agenda:
    """Undecided packages, the one with the fewest possible versions first, then by name.

    What has become out of date is noticed when its turn comes, so that no step looks at
    all packages: each costs the logarithm of how many wait.

    Args:
        open_versions: The versions of a package that may be chosen now; ``None`` if it is decided, or
            not needed.
    """

    def __init__(self, open_versions: Callable[[PackageName], VersionSet | None]) -> None:
        self._open_versions = open_versions
        self._options: dict[str, _Option] = {}
        self._queue: list[tuple[int, str]] = []

    def resumes(self, name: PackageName, versions: VersionSet) -> bool:
        """Whether it is known already what is tried next while *versions* are possible; then *name* waits."""
        option = self._options.get(name.key)
        if option is None or option.versions is not versions:
            return False
        heappush(self._queue, (option.left, name.key))
        return True

    def put(self, package: PackageId, versions: VersionSet, left: int) -> None:
        """*package* is what to try next, while *versions* are possible, of which *left* exist."""
        self._options[package.name.key] = _Option(versions, left, package)
        heappush(self._queue, (left, package.name.key))

    def first(self) -> PackageId | None:
        """What to try next; ``None`` if nothing is left to decide."""
        while self._queue:
            left, key = self._queue[0]
            option = self._options[key]
            if option.left == left and self._open_versions(option.package.name) is option.versions:
                return option.package
            heappop(self._queue)
        return None
