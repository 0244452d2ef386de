"""solver: PubGrub: decide, propagate, and learn from each conflict.

The algorithm is Natalie Weizenbaum's (2018), told in docs/resolution.md, whose section
names the comments cite.
"""

from __future__ import annotations

from collections.abc import Iterable

from hpmtasks.dataclass import replace
from hpmtasks.model.package import PackageId, PackageName, Requirement
from hpmtasks.resolver.agenda import Agenda
from hpmtasks.resolver.candidates import Candidates
from hpmtasks.resolver.catalogue import Unavailable
from hpmtasks.resolver.incompatibility import (
    CandidateUnavailable,
    Incompatibility,
    NoVersion,
    PackageUnavailable,
    RequiredByPackage,
    RequiredByRoot,
    derive,
)
from hpmtasks.resolver.knowledge import Knowledge
from hpmtasks.resolver.partial_solution import Assignment, PartialSolution
from hpmtasks.resolver.request import Overrides, RootRequirement
from hpmtasks.resolver.term import Relation, Term
from hpmtasks.semver.version import Version
from hpmtasks.semver.version_set import VersionSet

# A set of more cuts than this is not merged with any more versions: thousands of such sets, each a
# little larger than the last, would be kept.
_MOST_CUTS = 128


class Unsolvable(Exception):
    """No resolution exists.

    Attributes:
        proof: The incompatibility without terms; its causes, and theirs, are the reasons.
    """

    def __init__(self, proof: Incompatibility) -> None:
        super().__init__("no resolution exists")
        self.proof = proof


class Solver:
    """One resolution in progress."""

    def __init__(self, root: Iterable[RootRequirement], candidates: Candidates, overrides: Overrides) -> None:
        self._root = root
        self._candidates = candidates
        self._overrides = overrides
        self._solution = PartialSolution()
        self._knowledge = Knowledge()
        # The one incompatibility for "some versions of X require Y": see "Merging" in docs/resolution.md.
        self._requiring: dict[tuple[PackageName, PackageName, VersionSet], Incompatibility] = {}
        self._learned: set[PackageId] = set()
        self._agenda = Agenda(self._solution.open_versions)

    def prepare(self, packages: Iterable[PackageId]) -> None:
        """Take in at once what *packages* require, before they are candidates; a proof gets shorter by it."""
        for package in packages:
            self._learn(package)

    def run(self) -> dict[PackageName, Version]:
        """The version of each package.

        Raises:
            Unsolvable: There is no answer, and every possibility was excluded for a reason.
        """
        changed = [self._require_from_root(root) for root in self._root]
        while changed:
            self._propagate(changed)
            learned_of = self._decide()
            changed = [] if learned_of is None else [learned_of]
        return self._solution.decisions

    def _require_from_root(self, root: RootRequirement) -> PackageName:
        effective = self._overrides.apply(root.requirement, root.member)
        overridden = None if effective == root.requirement else root.requirement.constraint
        cause = RequiredByRoot(replace(root, requirement=effective), overridden)
        self._knowledge.add(
            Incompatibility({effective.name: Term(effective.constraint.versions, positive=False)}, cause)
        )
        return effective.name

    # ------------------------------------------------------------ unit propagation

    def _propagate(self, changed: list[PackageName]) -> None:
        """Derive all that follows, until nothing follows any more. See "Unit propagation"."""
        waiting = dict.fromkeys(changed)
        while waiting:
            name = next(iter(waiting))
            del waiting[name]
            # The newest first: what was just learned says most.
            for incompatibility in self._knowledge.about(name):
                follows, is_conflict = self._consequence(incompatibility)
                if is_conflict:
                    learned = self._resolve_conflict(incompatibility)
                    derived, _ = self._consequence(learned)
                    if derived is None:  # pragma: no cover
                        raise AssertionError("a learned incompatibility has a consequence after backtracking")
                    self._derive(derived, learned)
                    waiting = {derived: None}
                    break
                if follows is not None:
                    self._derive(follows, incompatibility)
                    waiting[follows] = None

    def _consequence(self, incompatibility: Incompatibility) -> tuple[PackageName | None, bool]:
        """The one package whose term is open while all others are satisfied; or that all are."""
        still_open: PackageName | None = None
        for name, term in incompatibility.terms.items():
            relation = self._solution.relation_to(name, term)
            if relation is Relation.CONTRADICTED:
                self._knowledge.set_aside(incompatibility, self._solution.level)
                return None, False
            if relation is Relation.OPEN:
                if still_open is not None:
                    return None, False
                still_open = name
        return still_open, still_open is None

    def _derive(self, name: PackageName, cause: Incompatibility) -> None:
        self._solution.derive(name, cause.terms[name].negated(), cause)

    # ------------------------------------------------------------ conflict resolution

    def _resolve_conflict(self, conflict: Incompatibility) -> Incompatibility:
        """Learn why *conflict* came true, and take back the decisions that made it.

        The result is known to the solver, and has exactly one open term afterwards. See
        "Conflict resolution".
        """
        learned = conflict
        while learned.terms:
            latest, previous_level = self._latest_satisfier(learned)
            if latest.cause is None or previous_level < latest.level:
                self._backtrack(previous_level)
                if learned is not conflict:
                    self._knowledge.add(learned)
                return learned
            learned = derive(learned, latest.cause, latest.name)
        raise Unsolvable(learned)

    def _backtrack(self, level: int) -> None:
        self._solution.backtrack(level)
        self._knowledge.bring_back(level)

    def _latest_satisfier(self, conflict: Incompatibility) -> tuple[Assignment, int]:
        """The step that made *conflict* true, and the level at which all else in it was true already."""
        satisfiers = [self._solution.satisfier(name, term) for name, term in conflict.terms.items()]
        latest = max(satisfiers, key=lambda step: step.index)
        levels = [step.level for step in satisfiers if step is not latest]
        if latest.cause is not None:
            # The step may only have completed what earlier steps on the same package began.
            remainder = conflict.terms[latest.name].unite(latest.cause.terms[latest.name])
            if not remainder.is_trivial:
                levels.append(self._solution.satisfier(latest.name, remainder).level)
        return latest, max(levels, default=0)

    # ------------------------------------------------------------ decisions

    def _decide(self) -> PackageName | None:
        """Take the next step: a version for the package that has the fewest left. See "Decisions".

        Returns:
            The package about which something new is known; ``None`` if there is nothing to decide.
        """
        touched = self._solution.touched_and_open()
        waiting = [each for each in touched if not self._agenda.resumes(*each)]
        waiting.sort(key=lambda each: each[0].key)
        self._candidates.announce(
            name for name, versions in waiting if self._candidates.locked_in(name, versions) is None
        )
        expected = []
        for name, versions in waiting:
            try:
                possible = self._candidates.possible(name, versions)
            except Unavailable as refusal:
                self._exclude(name, refusal)
                return name
            if possible is None:
                self._knowledge.add(Incompatibility({name: Term(versions)}, NoVersion(name, versions)))
                return name
            left, preferred = possible
            expected.append(PackageId(name, preferred))
            self._agenda.put(expected[-1], versions, left)
        self._solution.touched.clear()
        self._candidates.expect(expected)
        package = self._agenda.first()
        return None if package is None else self._try(package)

    def _exclude(self, name: PackageName, refusal: Unavailable) -> None:
        cause = PackageUnavailable(name, refusal.reason, refusal.missing_package, refusal.origin)
        # A locked version is there even if the package has vanished.
        self._knowledge.add(Incompatibility({name: Term(self._candidates.unlocked(name))}, cause))

    def _try(self, package: PackageId) -> PackageName:
        """Decide for *package*, unless it is known by now to be impossible here."""
        news = self._learn(package)
        if not any(self._would_conflict(each, package.name) for each in news):
            self._solution.decide(package)
        return package.name

    def _learn(self, package: PackageId) -> list[Incompatibility]:
        """Take in what *package* requires, or why it cannot be used; nothing the second time."""
        if package in self._learned:
            return []
        self._learned.add(package)
        try:
            requirements = self._candidates.requirements(package)
        except Unavailable as refusal:
            cause = CandidateUnavailable(package.name, package.version, refusal.reason)
            incompatibility = Incompatibility({package.name: Term(self._candidates.extent(package))}, cause)
            self._knowledge.add(incompatibility)
            return [incompatibility]
        news = [self._require(package, requirement) for requirement in requirements]
        return [each for each in news if each is not None]

    def _would_conflict(self, requiring: Incompatibility, name: PackageName) -> bool:
        """All terms but the one on *name* are satisfied."""
        return all(
            self._solution.relation_to(other, term) is Relation.SATISFIED
            for other, term in requiring.terms.items()
            if other != name
        )

    def _require(self, package: PackageId, asked: Requirement) -> Incompatibility | None:
        """Learn one requirement of a candidate, together with its other versions that require the same."""
        requirement = self._overrides.apply(asked, package.name)
        overridden = None if requirement == asked else asked.constraint
        wanted = requirement.constraint.versions
        extent = self._candidates.extent(package)
        if requirement.name == package.name:
            if wanted.allows(package.version):
                return None
            cause = RequiredByPackage(package.name, (package.version,), requirement, overridden)
            incompatibility = Incompatibility({package.name: Term(extent)}, cause)
            self._knowledge.add(incompatibility)
            return incompatibility
        key = (package.name, requirement.name, wanted)
        before = self._requiring.get(key)
        others = None
        if before is not None and isinstance(before.cause, RequiredByPackage):
            known = before.terms[package.name].versions
            if len(known.releases) + len(known.prereleases) < _MOST_CUTS:
                others = before.cause
                extent |= known
                self._knowledge.remove(before)
        merged = Incompatibility(
            {package.name: Term(extent), requirement.name: Term(wanted, positive=False)},
            RequiredByPackage(package.name, (package.version,), requirement, overridden, others),
        )
        self._requiring[key] = merged
        self._knowledge.add(merged)
        return merged
