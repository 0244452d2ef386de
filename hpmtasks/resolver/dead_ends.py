"""dead ends: candidates that cannot be installed whatever is chosen elsewhere, because something is missing.

See "Which error" in docs/resolution.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from hpmtasks.dataclass import dataclass
from hpmtasks.model.package import PackageId, PackageName, Requirement
from hpmtasks.resolver.candidates import Candidates
from hpmtasks.resolver.catalogue import Unavailable
from hpmtasks.resolver.request import Overrides, RootRequirement

#: Why a candidate is dead: what it requires cannot be had, or the catalogue refused it.
Reason: TypeAlias = Requirement | Unavailable


@dataclass(frozen=True, slots=True)
class MissingPackage:
    """An end of the search: nobody has the package."""

    requirement: Requirement
    refusal: Unavailable


@dataclass(frozen=True, slots=True)
class MissingVersion:
    """An end of the search: the package has no version that the constraint allows."""

    requirement: Requirement


@dataclass(frozen=True, slots=True)
class UnusableCandidate:
    """An end of the search: the catalogue cannot offer this version."""

    package: PackageId
    refusal: Unavailable


End: TypeAlias = MissingPackage | MissingVersion | UnusableCandidate


@dataclass(frozen=True, slots=True)
class Link:
    """Candidates of one package that are dead because of the same requirement."""

    name: PackageName
    packages: tuple[PackageId, ...]
    requirement: Requirement


@dataclass(frozen=True, slots=True)
class DeadEnd:
    """A requirement of the project that nothing can meet, with the ways from it to what is missing."""

    root: RootRequirement
    links: tuple[Link, ...]
    ends: tuple[End, ...]


class DeadEnds:
    """What a failed search knows, looked at without any regard for conflicts.

    A candidate is dead if one of its requirements, taken alone, has no candidate that is
    alive. What was never asked counts as alive, so all that is said here is proven.
    """

    def __init__(self, candidates: Candidates, overrides: Overrides) -> None:
        self._candidates = candidates
        self._overrides = overrides
        self._dead: dict[PackageId, Reason] = {}
        self._find_dead()

    def find(self, root: Sequence[RootRequirement]) -> DeadEnd | None:
        """The first requirement in *root* that is dead, those that end at once before others."""
        dead = [each for each in root if self._is_dead(self._overrides.apply(each.requirement, each.member))]
        ways = [self._way(each) for each in dead]
        return min(ways, key=lambda way: len(way.links), default=None)

    def _find_dead(self) -> None:
        open_packages: list[PackageId] = []
        for package in self._candidates.requirements_known():
            refusal = self._candidates.refusal(package)
            if refusal is None:
                open_packages.append(package)
            else:
                self._dead[package] = refusal
        found = True
        while found:
            found = False
            for package in open_packages:
                reason = None if package in self._dead else self._unmet_requirement(package)
                if reason is not None:
                    self._dead[package] = reason
                    found = True

    def _unmet_requirement(self, package: PackageId) -> Requirement | None:
        effective = (
            self._overrides.apply(each, package.name) for each in self._candidates.requirements(package)
        )
        return next((each for each in effective if self._is_dead(each)), None)

    def _is_dead(self, requirement: Requirement) -> bool:
        name = requirement.name
        listed = self._candidates.listed(name)
        if listed is None:
            return False
        return all(
            PackageId(name, each) in self._dead for each in requirement.constraint.versions.filter(listed)
        )

    def _way(self, root: RootRequirement) -> DeadEnd:
        """Every link from *root* to an end, in breadth, each once."""
        links: list[Link] = []
        ends: dict[End, None] = {}
        seen: set[Requirement] = set()
        waiting = [self._overrides.apply(root.requirement, root.member)]
        for requirement in waiting:
            if requirement in seen:
                continue
            seen.add(requirement)
            reasons = self._reasons(requirement)
            if not reasons:
                ends[self._end(requirement)] = None
            by_requirement: dict[Requirement, list[PackageId]] = {}
            for package, reason in reasons:
                if isinstance(reason, Unavailable):
                    ends[UnusableCandidate(package, reason)] = None
                else:
                    by_requirement.setdefault(reason, []).append(package)
            for reason, packages in by_requirement.items():
                links.append(Link(requirement.name, tuple(packages), reason))
                waiting.append(reason)
        return DeadEnd(root, tuple(links), tuple(ends))

    def _reasons(self, requirement: Requirement) -> list[tuple[PackageId, Reason]]:
        listed = self._candidates.listed(requirement.name) or ()
        packages = [
            PackageId(requirement.name, each) for each in requirement.constraint.versions.filter(listed)
        ]
        return [(package, self._dead[package]) for package in packages]

    def _end(self, requirement: Requirement) -> End:
        refusal = self._candidates.refusal(requirement.name)
        return MissingVersion(requirement) if refusal is None else MissingPackage(requirement, refusal)


def missing_packages(way: DeadEnd) -> Iterator[MissingPackage]:
    """The ends that are packages which do not exist at all."""
    return (end for end in way.ends if isinstance(end, MissingPackage) and end.refusal.missing_package)
