"""catalogue: the questions that the resolver asks the world."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

from hpmtasks.model.package import PackageId, PackageName, Requirement
from hpmtasks.semver.version import Version


class Unavailable(Exception):
    """The world cannot offer this package, or this version of it; the search goes on without it.

    Attributes:
        reason: One clause for the explanation, which follows the package's name: "does not
            exist", "has an unreadable package.json".
        missing_package: There is no such package at all, as opposed to one that cannot be used.
        origin: Where it was looked for, as a user knows it (a host, a folder); may be empty.
    """

    def __init__(self, reason: str, *, missing_package: bool = False, origin: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.missing_package = missing_package
        self.origin = origin


class Catalogue(Protocol):
    """What exists.

    Two questions are enough, and a test answers them from a dictionary. Answers must not
    change during one resolution. Any exception but :class:`Unavailable` (the network is
    down) ends the resolution and reaches its caller as it is.
    """

    def versions(self, name: PackageName) -> Sequence[Version]:
        """Every version of the package, in any order.

        Raises:
            Unavailable: The package does not exist, or nobody may see it.
        """
        ...

    def requirements(self, package: PackageId) -> Sequence[Requirement]:
        """What this version of the package requires (its ``dependencies``).

        Called only for candidates that were chosen: each call may cost a download.

        Raises:
            Unavailable: The manifest is missing or unreadable, or this version cannot be
                used here. Another version is tried.
        """
        ...

    def prefetch(self, names: Iterable[PackageName]) -> None:
        """Take a hint: :meth:`versions` will be asked for each of *names* soon. May do nothing."""
        ...


@runtime_checkable
class ForesightedCatalogue(Catalogue, Protocol):
    """A catalogue that also wants to know which candidates will probably be chosen.

    Without this, manifests would be fetched one after the other. A catalogue that does not
    have the method is not told.
    """

    def expect(self, packages: Iterable[PackageId]) -> None:
        """Take a hint: :meth:`requirements` will be asked for each of *packages*, unless plans change."""
        ...
