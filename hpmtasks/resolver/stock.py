"""stock: the versions of one package that exist, and what a version set allows of them, found by halving."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from hpmtasks.semver.version import Key, Version
from hpmtasks.semver.version_set import VersionSet
from hpmtasks.semver.wording import Cuts


class Stock:
    """Existing versions.

    A package may have thousands of them, and a search may exclude them one by one: so how
    many are left, and which is the first, is not found by looking at each.

    Attributes:
        versions: All of them, ascending.
    """

    __slots__ = ("_prerelease_keys", "_prereleases", "_release_keys", "_releases", "versions")

    def __init__(self, versions: Iterable[Version]) -> None:
        self.versions: tuple[Version, ...] = tuple(sorted(versions, key=lambda version: version.key))
        self._releases = [version for version in self.versions if not version.prerelease]
        self._prereleases = [version for version in self.versions if version.prerelease]
        self._release_keys: list[Key] = [version.key for version in self._releases]
        self._prerelease_keys: list[Key] = [version.key for version in self._prereleases]

    def within(self, versions: VersionSet) -> tuple[int, Version, Version] | None:
        """How many belong to *versions*, the lowest and the highest of them; ``None`` if none does."""
        spans = [
            *_spans(versions.releases, self._releases, self._release_keys),
            *_spans(versions.prereleases, self._prereleases, self._prerelease_keys),
        ]
        if not spans:
            return None
        return (
            sum(many for many, _, _ in spans),
            min(lowest for _, lowest, _ in spans),
            max(highest for _, _, highest in spans),
        )

    def place_of(self, version: Version) -> int:
        """How many of :attr:`versions` come before *version*."""
        return bisect_left(self.versions, version)


def _spans(
    cuts: Cuts, versions: Sequence[Version], keys: Sequence[Key]
) -> Iterator[tuple[int, Version, Version]]:
    """Of each stretch of *cuts* in which there are *versions*: how many, the lowest and the highest."""
    for index in range(0, len(cuts), 2):
        begin = bisect_left(keys, cuts[index])
        end = bisect_left(keys, cuts[index + 1]) if index + 1 < len(cuts) else len(keys)
        if begin < end:
            yield end - begin, versions[begin], versions[end - 1]
