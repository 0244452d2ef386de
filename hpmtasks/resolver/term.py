"""term: a statement about one package that a resolution makes true or false.

See "Terms" in docs/resolution.md.
"""

from __future__ import annotations

from enum import Enum

from hpmtasks.dataclass import dataclass
from hpmtasks.semver.version_set import VersionSet


class Relation(Enum):
    """What knowing one term says about another."""

    SATISFIED = "it is true"
    CONTRADICTED = "it is false"
    OPEN = "it may be either"


@dataclass(frozen=True, slots=True)
class Term:
    """The claim that the package is installed in one of *versions*; or, if not *positive*, that it is not so.

    A negative term is therefore also true of a package that is not installed at all. The
    package itself is the key under which the term is kept.
    """

    versions: VersionSet
    positive: bool = True

    def negated(self) -> Term:
        """The term that is true exactly when this one is false."""
        return Term(self.versions, not self.positive)

    @property
    def is_impossible(self) -> bool:
        """No resolution makes this true."""
        return self.positive and self.versions.is_empty

    @property
    def is_trivial(self) -> bool:
        """Every resolution makes this true."""
        return not self.positive and self.versions.is_empty

    def intersect(self, other: Term) -> Term:
        """The term that is true when both are."""
        if self.positive and other.positive:
            return Term(self.versions & other.versions)
        if self.positive:
            return Term(self.versions - other.versions)
        if other.positive:
            return Term(other.versions - self.versions)
        return Term(self.versions | other.versions, positive=False)

    def unite(self, other: Term) -> Term:
        """The term that is true when at least one is."""
        return self.negated().intersect(other.negated()).negated()

    def relation_to(self, other: Term) -> Relation:
        """What is known of *other* where this term is true."""
        if not self.positive:
            # Only what is excluded is known, not whether the package is needed: no positive term follows.
            if not other.versions.is_subset_of(self.versions):
                return Relation.OPEN
            return Relation.CONTRADICTED if other.positive else Relation.SATISFIED
        common = self.versions & other.versions
        if common == self.versions:
            return Relation.SATISFIED if other.positive else Relation.CONTRADICTED
        if common.is_empty:
            return Relation.CONTRADICTED if other.positive else Relation.SATISFIED
        return Relation.OPEN
