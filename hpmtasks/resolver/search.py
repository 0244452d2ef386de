"""search: one run of the solver, from requirements to a solution; no words yet for failures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hpmtasks.model.package import PackageId, PackageName, Requirement
from hpmtasks.resolver.candidates import Candidates
from hpmtasks.resolver.request import Overrides, RootRequirement
from hpmtasks.resolver.solution import Resolved, Solution, without_cycle
from hpmtasks.resolver.solver import Solver
from hpmtasks.semver.version import Version


def search(root: Sequence[RootRequirement], candidates: Candidates, overrides: Overrides) -> Solution:
    """The solution.

    Raises:
        Unsolvable: There is none; carries the proof.
        CircularDependency: There is one, with packages that need each other in a circle.
    """
    versions = Solver(root, candidates, overrides).run()
    packages = {
        name: Resolved(version, candidates.requirements(PackageId(name, version)))
        for name, version in versions.items()
    }
    return without_cycle(root, packages, candidates.members)


class Exhausted(Exception):
    """A search that may only look at so much wanted to look at more."""


class Remembered:
    """A catalogue that repeats what another search has learned, and asks only *questions* more."""

    def __init__(self, candidates: Candidates, questions: int) -> None:
        self._candidates = candidates
        self._questions = questions

    def versions(self, name: PackageName) -> Sequence[Version]:
        """As in ``Catalogue``.

        Raises:
            Exhausted: It would be one question too many.
        """
        if self._candidates.listed(name) is None:
            self._count()
        return self._candidates.existing(name)

    def requirements(self, package: PackageId) -> Sequence[Requirement]:
        """As in ``Catalogue``.

        Raises:
            Exhausted: It would be one question too many.
        """
        if not self._candidates.is_known(package):
            self._count()
        return self._candidates.requirements(package)

    def prefetch(self, names: Iterable[PackageName]) -> None:
        """Nothing: what is bounded is not asked ahead of need."""

    def _count(self) -> None:
        if not self._questions:
            raise Exhausted
        self._questions -= 1


def recall(candidates: Candidates, questions: int) -> Candidates:
    """Candidates with the same preferences, that know the same, and may ask only *questions* more."""
    return Candidates(
        Remembered(candidates, questions),
        locked=candidates.locked,
        direction=candidates.direction,
        direct=candidates.direct,
        members=candidates.members,
    )
