"""Terms agree with the plain meaning: which of all possible states of one package they are true of."""

from __future__ import annotations

from hypothesis import given, strategies as st

from hpmtasks.resolver.term import Relation, Term
from hpmtasks.semver.constraint import parse_constraint
from hpmtasks.semver.version import Version
from hpmtasks.semver.version_set import VersionSet

# Every state of a package: not installed, or one of these versions.
STATES = [
    None,
    *(Version.parse(text) for text in ("0.9.0", "1.0.0-rc.1", "1.0.0", "1.5.0", "2.0.0-a", "2.0.0", "9.0.0")),
]
CONSTRAINTS = ["*", "^1.0.0", "^1.0.0-rc.0", ">=1.5.0", "<2.0.0", "2.0.0-a", "1.0.0 || 2.0.0"]

sets = st.sampled_from(
    [VersionSet.empty(), VersionSet.full(), *(parse_constraint(text).versions for text in CONSTRAINTS)]
)
terms = st.builds(Term, sets | sets.map(lambda each: ~each), st.booleans())


def is_true(term: Term, state: Version | None) -> bool:
    return (state is not None and term.versions.allows(state)) == term.positive


@given(terms, terms)
def test_operations_mean_and_or_not(one: Term, other: Term) -> None:
    """Intersection is "and", union is "or", negation is "not", in every state."""
    for state in STATES:
        assert is_true(one.intersect(other), state) == (is_true(one, state) and is_true(other, state))
        assert is_true(one.unite(other), state) == (is_true(one, state) or is_true(other, state))
        assert is_true(one.negated(), state) != is_true(one, state)


@given(terms, terms)
def test_relation_is_exact(known: Term, asked: Term) -> None:
    """What is said to follow follows, and what is left open is open."""
    relation = known.relation_to(asked)
    if known.versions.is_empty and known.positive:
        return  # from what cannot be, anything follows
    if relation is Relation.SATISFIED:
        assert all(is_true(asked, state) for state in STATES if is_true(known, state))
    elif relation is Relation.CONTRADICTED:
        assert not any(is_true(asked, state) for state in STATES if is_true(known, state))
    else:
        both = known.intersect(asked)
        neither = known.intersect(asked.negated())
        assert not (both.positive and both.versions.is_empty)
        assert not (neither.positive and neither.versions.is_empty)


@given(terms)
def test_trivial_term_is_true_of_every_state(term: Term) -> None:
    """Only a term that excludes nothing may be dropped from an incompatibility."""
    if term.is_trivial:
        assert all(is_true(term, state) for state in STATES)
