"""phrases: how packages, versions and requirements are named in a message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hpmtasks.dataclass import dataclass
from hpmtasks.model.package import PackageName, Requirement
from hpmtasks.resolver.candidates import Candidates
from hpmtasks.resolver.incompatibility import (
    CandidateUnavailable,
    Incompatibility,
    NoVersion,
    PackageUnavailable,
    RequiredByPackage,
    RequiredByRoot,
)
from hpmtasks.resolver.term import Term
from hpmtasks.semver.constraint import Constraint
from hpmtasks.semver.version import Version
from hpmtasks.semver.version_set import VersionSet

# More than this many versions are not listed one by one.
_FEW = 3
_MOST_AVAILABLE = 10
_EVERY = "every "


@dataclass(frozen=True, slots=True)
class Subject:
    """Some versions of a package, as the subject of a sentence."""

    text: str
    plural: bool

    def verb(self, singular: str) -> str:
        """The verb in the right number; *singular* ends in "s"."""
        return singular[:-1] if self.plural else singular


def enumerate_words(words: Sequence[str], conjunction: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {conjunction} {words[-1]}"


def nearest_first(versions: Sequence[Version], wanted: VersionSet) -> list[Version]:
    """*versions* (ascending), those before that have the fewest others between them and *wanted*."""
    cuts = wanted.releases or wanted.prereleases
    if not cuts:
        return list(reversed(versions))
    keys = [version.key for version in versions]
    borders = [sum(key < cut for key in keys) for cut in cuts]

    def distance(index: int) -> int:
        return min(border - index - 1 if index < border else index - border for border in borders)

    return [versions[index] for index in sorted(range(len(versions)), key=lambda i: (distance(i), -i))]


def list_available(versions: Sequence[Version], wanted: VersionSet | None = None) -> str:
    """``2.1.0, 2.0.0, 1.9.3 and 12 more``: the newest first, or those nearest to *wanted*."""
    shown = [str(version) for version in nearest_first(versions, wanted or VersionSet.empty())]
    if len(shown) <= _MOST_AVAILABLE:
        return ", ".join(shown)
    return f"{', '.join(shown[:_MOST_AVAILABLE])} and {len(shown) - _MOST_AVAILABLE} more"


def describe_requirement(requirement: Requirement, *, expanded: bool = False) -> str:
    """``acme/a@^1.0.0``; *expanded*: ``acme/a@^1.0.0 (>=1.0.0 <2.0.0)`` where that says more."""
    text = f"{requirement.name}@{describe_constraint(requirement.constraint)}"
    meaning = str(requirement.constraint.versions)
    return f"{text} ({meaning})" if expanded and meaning != requirement.constraint.text.strip() else text


def describe_constraint(constraint: Constraint) -> str:
    """The text as written; ``*`` for the empty one."""
    return constraint.text.strip() or "*"


class Phrases:
    """Wording that depends on which versions exist."""

    def __init__(self, candidates: Candidates, requirements: Iterable[Requirement]) -> None:
        self._candidates = candidates
        # A set that somebody wrote is shown as it was written.
        self._written = {
            each.constraint.versions: describe_constraint(each.constraint) for each in requirements
        }

    def those(self, name: PackageName, versions: Sequence[Version]) -> Subject:
        """*versions* (ascending, existing, at least one) of a package."""
        existing = self._candidates.known(name)
        if len(versions) == 1:
            return Subject(f"{name} {versions[0]}", plural=False)
        if len(versions) == len(existing):
            return Subject(f"{_EVERY}version of {name}", plural=False)
        if len(versions) <= _FEW:
            return Subject(f"{name} {enumerate_words([str(each) for each in versions])}", plural=True)
        first = existing.index(versions[0]) if versions[0] in existing else 0
        if existing[first : first + len(versions)] == tuple(versions):
            return Subject(f"{name} {versions[0]} to {versions[-1]}", plural=True)
        return Subject(f"{len(versions)} versions of {name} ({versions[0]} … {versions[-1]})", plural=True)

    def among(self, name: PackageName, versions: VersionSet) -> Subject:
        """Whatever exists of a package in *versions*."""
        existing = versions.filter(self._candidates.known(name))
        if versions in self._written and len(existing) != 1:
            return Subject(f"{name}@{self._written[versions]}", plural=False)
        if existing:
            return self.those(name, existing)
        return Subject(f"{name}@{versions}", plural=False)

    def wanted(self, name: PackageName, versions: VersionSet) -> str:
        """A package of which *versions* are required."""
        if versions in self._written:
            return f"{name}@{self._written[versions]}"
        existing = versions.filter(self._candidates.known(name))
        if 0 < len(existing) <= _FEW:
            return f"{name} {enumerate_words([str(each) for each in existing], 'or')}"
        return f"{name}@{versions}"

    # ------------------------------------------------------------ facts

    def requiring(self, cause: RequiredByRoot | RequiredByPackage, *, expanded: bool = False) -> str:
        """``package.json (dependencies) requires acme/a@^1.0.0``."""
        return f"{self._requirer(cause)} {_describe_required(cause, expanded=expanded)}"

    def _requirer(self, cause: RequiredByRoot | RequiredByPackage) -> str:
        """``acme/a 1.0.0 requires``."""
        if isinstance(cause, RequiredByRoot):
            return f"{cause.root.requirer} requires"
        subject = self.those(cause.name, cause.versions)
        return f"{subject.text} {subject.verb('requires')}"

    def facts(self, incompatibilities: Iterable[Incompatibility]) -> list[str]:
        """What these state, as clauses, each once; what one requirer requires stands together."""
        clauses: dict[str, list[str]] = {}
        for incompatibility in incompatibilities:
            cause = incompatibility.cause
            if isinstance(cause, RequiredByRoot | RequiredByPackage):
                wanted = clauses.setdefault(self._requirer(cause), [])
                wanted.append(_describe_required(cause, expanded=False))
            else:
                clauses.setdefault(self.fact(incompatibility), [])
        return [
            f"{beginning} {enumerate_words(list(dict.fromkeys(wanted)))}" if wanted else beginning
            for beginning, wanted in clauses.items()
        ]

    def fact(self, incompatibility: Incompatibility) -> str:
        """What an incompatibility that was not derived states, as a clause."""
        cause = incompatibility.cause
        if isinstance(cause, RequiredByRoot | RequiredByPackage):
            return self.requiring(cause)
        if isinstance(cause, PackageUnavailable | CandidateUnavailable):
            return self.refused(cause)
        if isinstance(cause, NoVersion):
            return self.absent(cause.name, cause.versions)
        return self.conclusion(incompatibility)

    def refused(self, cause: PackageUnavailable | CandidateUnavailable) -> str:
        """``acme/a 1.2.0 has an unreadable package.json``."""
        version = f" {cause.version}" if isinstance(cause, CandidateUnavailable) else ""
        return f"{cause.name}{version} {cause.reason}"

    def absent(self, name: PackageName, versions: VersionSet) -> str:
        """``no version of acme/a matches ^5.0.0 (available: 1.1.0, 1.0.0)``."""
        existing = self._candidates.known(name)
        if name in self._candidates.members:
            return self.own(name)
        wanted = self._written.get(versions, str(versions))
        available = list_available(existing, versions) or "none"
        return f"no version of {name} matches {wanted} (available: {available})"

    def own(self, name: PackageName) -> str:
        """``acme/lib is a member of this workspace, at version 1.0.0``."""
        member = self._candidates.members[name]
        return f"{name} is a member of this workspace, at version {member.package.version}"

    # ------------------------------------------------------------ conclusions

    def conclusion(self, incompatibility: Incompatibility) -> str:
        """What a derived incompatibility states, as a clause."""
        positive = [(name, term) for name, term in incompatibility.terms.items() if term.positive]
        negative = [(name, term) for name, term in incompatibility.terms.items() if not term.positive]
        if not positive and not negative:
            return "no version satisfies all constraints"
        needs = enumerate_words([self.wanted(name, term.versions) for name, term in negative], "or")
        if not positive:
            return f"{needs} is required"
        subject = self._together(positive)
        if needs:
            return f"{subject.text} {subject.verb('requires')} {needs}"
        if len(positive) == 1:
            # "every version cannot" is no English.
            negated = subject.text.replace(_EVERY, "no ", 1)
            return f"{negated} can{'not' if negated == subject.text else ''} be installed"
        return f"{subject.text} cannot be installed together"

    def _together(self, positive: Sequence[tuple[PackageName, Term]]) -> Subject:
        subjects = [self.among(name, term.versions) for name, term in positive]
        if len(subjects) == 1:
            return subjects[0]
        return Subject(enumerate_words([each.text for each in subjects]), plural=True)


def _describe_required(cause: RequiredByRoot | RequiredByPackage, *, expanded: bool) -> str:
    """``acme/a@^1.0.0``, and what became of it if the project overrides that."""
    requirement = cause.root.requirement if isinstance(cause, RequiredByRoot) else cause.requirement
    if cause.overridden is None:
        return describe_requirement(requirement, expanded=expanded)
    return (
        f"{requirement.name}@{describe_constraint(cause.overridden)}, which package.json (overrides) "
        f"replaces by {describe_constraint(requirement.constraint)}"
    )
