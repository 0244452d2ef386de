"""partial solution: what has been decided and derived so far, in order.

See "The partial solution" in docs/resolution.md.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from hpmtasks.dataclass import dataclass
from hpmtasks.model.package import PackageId, PackageName
from hpmtasks.resolver.incompatibility import Incompatibility
from hpmtasks.resolver.term import Relation, Term
from hpmtasks.semver.version import Version
from hpmtasks.semver.version_set import VersionSet


@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """One step: a term that holds from here on."""

    name: PackageName
    # All that is known of the package after this step, not only what the step added.
    known: Term
    # How many decisions had been made; taking those back takes this back.
    level: int
    # The number of the step.
    index: int
    # The incompatibility that forced the step; ``None`` for a decision.
    cause: Incompatibility | None


class PartialSolution:
    """A stack of assignments, looked up by package.

    Attributes:
        decisions: The versions that have been chosen.
        touched: The packages of which something else has been known since somebody emptied it.
            A dictionary is used as an ordered set.
    """

    def __init__(self) -> None:
        self._steps: list[Assignment] = []
        self._of: dict[PackageName, list[Assignment]] = {}
        self.decisions: dict[PackageName, Version] = {}
        self.touched: dict[PackageName, None] = {}

    def decide(self, package: PackageId) -> None:
        """Choose a version. Everything assigned from now on belongs to this decision."""
        self.decisions[package.name] = package.version
        self._assign(package.name, Term(VersionSet.exactly(package.version)), None)

    def derive(self, name: PackageName, term: Term, cause: Incompatibility) -> None:
        """Note that *term* has to hold because *cause* must not come true."""
        self._assign(name, term, cause)

    def _assign(self, name: PackageName, term: Term, cause: Incompatibility | None) -> None:
        history = self._of.setdefault(name, [])
        known = history[-1].known.intersect(term) if history else term
        step = Assignment(name, known, len(self.decisions), len(self._steps), cause)
        history.append(step)
        self._steps.append(step)
        self.touched[name] = None

    @property
    def level(self) -> int:
        """How many decisions stand."""
        return len(self.decisions)

    def backtrack(self, level: int) -> None:
        """Take back every decision after the first *level* ones, and what followed from them."""
        while self._steps and self._steps[-1].level > level:
            step = self._steps.pop()
            self.touched[step.name] = None
            history = self._of[step.name]
            history.pop()
            if not history:
                del self._of[step.name]
            if step.cause is None:
                del self.decisions[step.name]

    def relation_to(self, name: PackageName, term: Term) -> Relation:
        """What the assignments so far say about *term*."""
        history = self._of.get(name)
        return history[-1].known.relation_to(term) if history else Relation.OPEN

    def satisfier(self, name: PackageName, term: Term) -> Assignment:
        """The first step after which *term* (which is satisfied now) was satisfied."""
        # Knowledge only grows from step to step, so the first one is found by halving.
        steps = self._of[name]
        return steps[bisect_left(steps, True, key=lambda step: _satisfies(step, term))]

    def open_versions(self, name: PackageName) -> VersionSet | None:
        """The versions of *name* that may be chosen; ``None`` if it has one already, or is not needed."""
        history = self._of.get(name)
        if not history or name in self.decisions:
            return None
        known = history[-1].known
        return known.versions if known.positive else None

    def touched_and_open(self) -> Iterator[tuple[PackageName, VersionSet]]:
        """Each of :attr:`touched` that needs a version, as first spelled, with those that may be chosen."""
        for name in self.touched:
            versions = self.open_versions(name)
            if versions is not None:
                yield self._of[name][0].name, versions


def _satisfies(step: Assignment, term: Term) -> bool:
    return step.known.relation_to(term) is Relation.SATISFIED
