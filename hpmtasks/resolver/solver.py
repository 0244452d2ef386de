"""solver: PubGrub: decide, propagate, and learn from each conflict.

The algorithm is Natalie Weizenbaum's (2018), told in docs/resolution.md, whose section
names the comments cite.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from hpmtasks.model.package import PackageId, PackageName, Requirement
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
from hpmtasks.resolver.partial_solution import Assignment, PartialSolution
from hpmtasks.resolver.request import Overrides, RootRequirement
from hpmtasks.resolver.term import Relation, Term
from hpmtasks.semver.version import Version
from hpmtasks.semver.version_set import VersionSet


class Unsolvable(Exception):
    """No resolution exists.

    Attributes:
        proof: The incompatibility without terms; its causes, and theirs, are the reasons.
    """

    def __init__(self, proof: Incompatibility) -> None:
        super().__init__("no resolution exists")
        self.proof = proof


class _Option(NamedTuple):
    """The next candidate of a package. Sorts by how many are left, then by name."""

    left: int
    key: str
    package: PackageId


class Solver:
    """One resolution in progress."""

    def __init__(self, root: Iterable[RootRequirement], candidates: Candidates, overrides: Overrides) -> None:
        self._root = root
        self._candidates = candidates
        self._overrides = overrides
        self._solution = PartialSolution()
        # The newest last. A dictionary is used as an ordered set.
        self._incompatibilities: dict[PackageName, dict[Incompatibility, None]] = {}
        # The one incompatibility for "some versions of X require Y": see "Merging" in docs/resolution.md.
        self._requiring: dict[tuple[PackageName, PackageName, VersionSet], Incompatibility] = {}
        self._learned: set[PackageId] = set()
        # Incompatibilities that cannot come true before a decision of this level is taken back.
        self._contradicted: dict[Incompatibility, int] = {}
        # For each undecided package, the versions that were possible, and what is tried first of how many.
        self._options: dict[PackageName, tuple[VersionSet, _Option]] = {}

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

    def _add(self, incompatibility: Incompatibility) -> None:
        for name in incompatibility.terms:
            self._incompatibilities.setdefault(name, {})[incompatibility] = None

    def _remove(self, incompatibility: Incompatibility) -> None:
        for name in incompatibility.terms:
            del self._incompatibilities[name][incompatibility]

    def _require_from_root(self, root: RootRequirement) -> PackageName:
        effective = self._overrides.apply(root.requirement, root.member)
        overridden = None if effective == root.requirement else root.requirement.constraint
        cause = RequiredByRoot(replace(root, requirement=effective), overridden)
        self._add(
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
            for incompatibility in reversed(list(self._incompatibilities.get(name, ()))):
                if incompatibility in self._contradicted:
                    continue
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
                self._contradicted[incompatibility] = self._solution.level
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
                    self._add(learned)
                return learned
            learned = derive(learned, latest.cause, latest.name)
        raise Unsolvable(learned)

    def _backtrack(self, level: int) -> None:
        self._solution.backtrack(level)
        self._contradicted = {each: since for each, since in self._contradicted.items() if since <= level}

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
        undecided = list(self._solution.undecided())
        changed = [each for each in undecided if not self._has_option(*each)]
        changed.sort(key=lambda each: each[0].key)
        self._candidates.announce(
            name for name, versions in changed if self._candidates.locked_in(name, versions) is None
        )
        for name, versions in changed:
            try:
                possible = self._candidates.possible(name, versions)
            except Unavailable as refusal:
                self._exclude(name, refusal)
                return name
            if not possible:
                self._add(Incompatibility({name: Term(versions)}, NoVersion(name, versions)))
                return name
            option = _Option(len(possible), name.key, PackageId(name, possible[0]))
            self._options[name] = (versions, option)
        if not undecided:
            return None
        options = [self._options[name][1] for name, _ in undecided]
        self._candidates.expect(self._options[name][1].package for name, _ in changed)
        return self._try(min(options).package)

    def _has_option(self, name: PackageName, versions: VersionSet) -> bool:
        """The option for *name* was found for these same versions."""
        option = self._options.get(name)
        return option is not None and option[0] is versions

    def _exclude(self, name: PackageName, refusal: Unavailable) -> None:
        cause = PackageUnavailable(name, refusal.reason, refusal.missing_package, refusal.origin)
        # A locked version is there even if the package has vanished.
        self._add(Incompatibility({name: Term(self._candidates.unlocked(name))}, cause))

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
            self._add(incompatibility)
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
            self._add(incompatibility)
            return incompatibility
        key = (package.name, requirement.name, wanted)
        versions: tuple[Version, ...] = (package.version,)
        before = self._requiring.get(key)
        if before is not None and isinstance(before.cause, RequiredByPackage):
            versions = tuple(sorted((*before.cause.versions, package.version)))
            extent |= before.terms[package.name].versions
            self._remove(before)
        merged = Incompatibility(
            {package.name: Term(extent), requirement.name: Term(wanted, positive=False)},
            RequiredByPackage(package.name, versions, requirement, overridden),
        )
        self._requiring[key] = merged
        self._add(merged)
        return merged
