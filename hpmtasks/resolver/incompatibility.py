"""incompatibility: a set of terms that cannot all be true, and why.

See "Incompatibilities" in docs/resolution.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from hpmtasks.dataclass import dataclass, field
from hpmtasks.model.package import PackageName, Requirement
from hpmtasks.resolver.request import RootRequirement
from hpmtasks.resolver.term import Term
from hpmtasks.semver.constraint import Constraint
from hpmtasks.semver.version import Version
from hpmtasks.semver.version_set import VersionSet


@dataclass(frozen=True, slots=True)
class RequiredByRoot:
    """The project requires a package."""

    root: RootRequirement
    # What the manifest says, where an override replaced it.
    overridden: Constraint | None = None


@dataclass(frozen=True, slots=True)
class RequiredByPackage:
    """Some versions of one package, known one by one, require another."""

    name: PackageName
    # Those that were learned last.
    news: tuple[Version, ...]
    requirement: Requirement
    overridden: Constraint | None = None
    # What was known before. A chain, because each copy of a list of thousands would be kept.
    before: RequiredByPackage | None = field(default=None, compare=False, repr=False)

    @property
    def versions(self) -> tuple[Version, ...]:
        """All of them, ascending."""
        return tuple(sorted({version for link in self.chain() for version in link.news}))

    def chain(self) -> Iterator[RequiredByPackage]:
        """This, what was known before it, and so on."""
        link: RequiredByPackage | None = self
        while link is not None:
            yield link
            link = link.before


@dataclass(frozen=True, slots=True)
class NoVersion:
    """None of the package's versions is in the set."""

    name: PackageName
    versions: VersionSet


@dataclass(frozen=True, slots=True)
class PackageUnavailable:
    """The catalogue does not have the package."""

    name: PackageName
    reason: str
    missing: bool
    origin: str


@dataclass(frozen=True, slots=True)
class CandidateUnavailable:
    """The catalogue cannot say what this version requires, so it cannot be used."""

    name: PackageName
    version: Version
    reason: str


@dataclass(frozen=True, slots=True)
class Derived:
    """Learned from a conflict: whatever satisfies it breaks one of the two."""

    left: Incompatibility
    right: Incompatibility


Cause: TypeAlias = (
    RequiredByRoot | RequiredByPackage | NoVersion | PackageUnavailable | CandidateUnavailable | Derived
)


@dataclass(frozen=True, slots=True, eq=False)
class Incompatibility:
    """Terms, by package, that are never all true in a resolution. One without terms is a proof of failure.

    Compared by identity: the same terms may be learned twice for different reasons.
    """

    terms: Mapping[PackageName, Term]
    cause: Cause


def derive(conflict: Incompatibility, cause: Incompatibility, pivot: PackageName) -> Incompatibility:
    """What follows from both: *pivot* cannot escape one without breaking the other.

    This is the resolution rule of logic, over version sets. See "Conflict resolution" in
    docs/resolution.md.
    """
    terms: dict[PackageName, Term] = {}
    united = conflict.terms[pivot].unite(cause.terms[pivot])
    if not united.is_trivial:
        terms[pivot] = united
    for side in (conflict, cause):
        for name, term in side.terms.items():
            if name != pivot:
                terms[name] = term if name not in terms else terms[name].intersect(term)
    return Incompatibility(terms, Derived(conflict, cause))
