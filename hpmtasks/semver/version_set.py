"""version_set: a set of versions, exact under every operation.

A version is either a release or a prerelease, and a constraint such as ``^1.0.0``
means all releases of a stretch and no prerelease within it. So a set has two parts,
each a set of stretches in one order: R of releases, P of prereleases.

A stretch runs from one *cut* up to the next, and a cut is a place between two
neighbours: before 1.2.4 is after 1.2.3, because between those two there is no
release; after 1.0.0-a is before 1.0.0-a.0; after the last 1.0.0-… is before 1.0.1-0.
Hence each place has one name, ``(major, minor, patch, *identifiers)``, without
identifiers if it lies before everything of that triple. A part is the ascending
tuple of the cuts where it begins and ends by turns; an odd last cut never ends.

This form is canonical: equal sets have equal cuts, the empty set has none, and a
version belongs if an odd number of cuts lies before it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Self

from hpmtasks.dataclass import dataclass, field
from hpmtasks.semver.version import Key, Version
from hpmtasks.semver.wording import LEAST, START, Cuts, constraint_for, description_of, next_release


@dataclass(frozen=True, slots=True, eq=False)
class VersionSet:
    """An immutable set of versions. Make one with the class methods and operators.

    Equality and hash are those of the set: two sets are equal if they allow the same versions.

    Attributes:
        releases: The cuts of R.
        prereleases: The cuts of P.
    """

    releases: Cuts
    prereleases: Cuts
    _hash: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.releases, self.prereleases)))

    # ------------------------------------------------------------ sets

    @classmethod
    def empty(cls) -> Self:
        """No version at all."""
        return cls((), ())

    @classmethod
    def full(cls) -> Self:
        """Every version, prereleases too."""
        return cls((START,), (START,))

    @classmethod
    def any_release(cls) -> Self:
        """Every release and no prerelease: what the constraint ``*`` means."""
        return cls((START,), ())

    @classmethod
    def exactly(cls, version: Version) -> Self:
        """*version* alone (with whatever build metadata)."""
        return cls.interval(version, version, include_upper=True)

    @classmethod
    def interval(
        cls,
        lower: Version | None = None,
        upper: Version | None = None,
        *,
        include_lower: bool = True,
        include_upper: bool = False,
    ) -> Self:
        """Every version, prereleases too, from *lower* up to *upper* by precedence; ``None`` is no bound."""
        r_from, p_from = _cuts_at(lower, after=not include_lower) if lower else (START, START)
        if upper is None:
            return cls((r_from,), (p_from,))
        r_to, p_to = _cuts_at(upper, after=include_upper)
        return cls((r_from, r_to) if r_from < r_to else (), (p_from, p_to) if p_from < p_to else ())

    @classmethod
    def prereleases_of(cls, version: Version) -> Self:
        """Every prerelease with the three numbers of *version*, and no release."""
        return cls((), (version.release, next_release(version.release)))

    # ------------------------------------------------------------ algebra

    def __or__(self, other: VersionSet) -> VersionSet:
        return VersionSet(
            _covered(self.releases, other.releases, by=1), _covered(self.prereleases, other.prereleases, by=1)
        )

    def __and__(self, other: VersionSet) -> VersionSet:
        return VersionSet(
            _covered(self.releases, other.releases, by=2), _covered(self.prereleases, other.prereleases, by=2)
        )

    def __invert__(self) -> VersionSet:
        return VersionSet(_complement(self.releases), _complement(self.prereleases))

    def __sub__(self, other: VersionSet) -> VersionSet:
        return self & ~other

    def union(self, other: VersionSet) -> VersionSet:
        """Every version of either set."""
        return self | other

    def intersection(self, other: VersionSet) -> VersionSet:
        """Every version of both sets."""
        return self & other

    def complement(self) -> VersionSet:
        """Every version that this set does not allow, prereleases too."""
        return ~self

    def difference(self, other: VersionSet) -> VersionSet:
        """Every version of this set that *other* does not allow."""
        return self - other

    # ------------------------------------------------------------ questions

    @property
    def is_empty(self) -> bool:
        """Whether no version that could ever be published belongs."""
        return not self.releases and not self.prereleases

    @property
    def is_full(self) -> bool:
        """Whether every version belongs, prereleases too."""
        return self.releases == self.prereleases == (START,)

    def allows(self, version: Version) -> bool:
        """Whether *version* belongs."""
        return bisect_right(self.prereleases if version.prerelease else self.releases, version.key) & 1 == 1

    def filter(self, versions: Iterable[Version]) -> list[Version]:
        """Those of *versions* that belong, in their order."""
        releases, prereleases = self.releases, self.prereleases
        return [
            version
            for version in versions
            if bisect_right(prereleases if version.prerelease else releases, version.key) & 1
        ]

    def is_subset_of(self, other: VersionSet) -> bool:
        """Whether *other* allows everything that this set allows."""
        return (self & other) == self

    def overlaps(self, other: VersionSet) -> bool:
        """Whether some version belongs to both."""
        return not (self & other).is_empty

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, VersionSet)
            and self.releases == other.releases
            and self.prereleases == other.prereleases
        )

    def __hash__(self) -> int:
        return self._hash

    def __str__(self) -> str:
        """A constraint that means this set, or ``not (…)`` around one, or else a description."""
        if self.is_full:
            return "any version or prerelease"
        if text := constraint_for(self.releases, self.prereleases):
            return text
        if text := constraint_for(_complement(self.releases), _complement(self.prereleases)):
            return f"not ({text})"
        return description_of(self.releases, self.prereleases)


# ---------------------------------------------------------------- cuts


def _cuts_at(version: Version, *, after: bool) -> tuple[Key, Key]:
    """The cuts of R and of P that lie directly before, or *after*, *version*."""
    release = version.release
    if not version.prerelease:
        return (next_release(release) if after else release), next_release(release)
    if after:
        return release, (*version.key, LEAST)
    return release, (release if version.prerelease == (0,) else version.key)


def _covered(a: Cuts, b: Cuts, *, by: int) -> Cuts:
    """The stretches that at least *by* of the two parts cover: 1 is union, 2 is intersection."""
    if a == b:
        return a
    if not a or not b:
        return (a or b) if by == 1 else ()
    # A set with many holes usually meets one stretch: a candidate, or the neighbours of one.
    if len(b) <= 2 < len(a):
        return _joined(a, b) if by == 1 else _clipped(a, b)
    if len(a) <= 2 < len(b):
        return _joined(b, a) if by == 1 else _clipped(b, a)
    cuts: list[Key] = []
    i = j = 0
    covered = False
    while i < len(a) or j < len(b):
        cut = a[i] if j == len(b) or (i < len(a) and a[i] <= b[j]) else b[j]
        i += i < len(a) and a[i] == cut
        j += j < len(b) and b[j] == cut
        # After an odd number of its cuts one is inside a part.
        if ((i & 1) + (j & 1) >= by) is not covered:
            covered = not covered
            cuts.append(cut)
    return tuple(cuts)


def _joined(cuts: Cuts, stretch: Cuts) -> Cuts:
    """The union of *cuts* and one *stretch*; where they touch, no cut is left. Found by halving."""
    begin = bisect_left(cuts, stretch[0])
    left = cuts[:begin] if begin & 1 else (*cuts[:begin], stretch[0])
    if len(stretch) == 1:
        return left
    end = bisect_right(cuts, stretch[1])
    return left + (cuts[end:] if end & 1 else (stretch[1], *cuts[end:]))


def _clipped(cuts: Cuts, stretch: Cuts) -> Cuts:
    """What of *cuts* lies within one *stretch*. Found by halving."""
    begin = bisect_right(cuts, stretch[0])
    end = bisect_left(cuts, stretch[1]) if len(stretch) > 1 else len(cuts)
    inside = (stretch[0], *cuts[begin:end]) if begin & 1 else cuts[begin:end]
    return (*inside, stretch[1]) if len(stretch) > 1 and end & 1 else inside


def _complement(cuts: Cuts) -> Cuts:
    return cuts[1:] if cuts[:1] == (START,) else (START, *cuts)
