"""Sets of versions obey the laws of sets, and a set has one form."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given, strategies as st

from hpmtasks.semver.version import Version, parse
from hpmtasks.semver.version_set import VersionSet
from tests.support.semver_values import PROBES, version_sets, versions, wild_versions

EMPTY, FULL, RELEASES = VersionSet.empty(), VersionSet.full(), VersionSet.any_release()


def _members(versions: VersionSet) -> set[Version]:
    return {version for version in PROBES if versions.allows(version)}


@given(version_sets, version_sets)
def test_operators_are_those_of_the_members(a: VersionSet, b: VersionSet) -> None:
    """Union, intersection, difference and complement allow exactly what Python's sets of the members hold."""
    in_a, in_b = _members(a), _members(b)
    assert _members(a | b) == _members(a.union(b)) == in_a | in_b
    assert _members(a & b) == _members(a.intersection(b)) == in_a & in_b
    assert _members(a - b) == _members(a.difference(b)) == in_a - in_b
    assert _members(~a) == _members(a.complement()) == set(PROBES) - in_a


@given(version_sets, version_sets)
def test_questions_are_answered_by_the_members(a: VersionSet, b: VersionSet) -> None:
    """Equality, emptiness, fullness, subset and overlap say what the members say."""
    in_a, in_b = _members(a), _members(b)
    assert (a == b) == (in_a == in_b)
    assert a.is_empty == (not in_a)
    assert a.is_full == (len(in_a) == len(PROBES))
    assert a.is_subset_of(b) == (in_a <= in_b)
    assert a.overlaps(b) == bool(in_a & in_b)


@given(version_sets, version_sets, version_sets)
def test_laws_of_sets(a: VersionSet, b: VersionSet, c: VersionSet) -> None:
    """Boolean algebra holds structurally, so equal sets have one form and one hash."""
    assert ~~a == a
    assert ~(a | b) == ~a & ~b
    assert ~(a & b) == ~a | ~b
    assert a | b == b | a
    assert a & b == b & a
    assert (a | b) | c == a | (b | c)
    assert (a & b) & c == a & (b & c)
    assert a & (b | c) == (a & b) | (a & c)
    assert a | (b & c) == (a | b) & (a | c)
    assert a | (a & b) == a & (a | b) == a | a == a & a == a
    assert a | ~a == FULL
    assert a & ~a == a - a == EMPTY
    assert a | EMPTY == a & FULL == a
    assert (a - b) | (a & b) == a
    assert hash((a - b) | (a & b)) == hash(a)


@given(version_sets, version_sets)
def test_cuts_ascend_and_none_is_the_least_prerelease(a: VersionSet, b: VersionSet) -> None:
    """The cuts of a result ascend strictly, R cuts are triples, and no cut has a second name."""
    for result in (a | b, a & b, a - b, ~a):
        for part in (result.releases, result.prereleases):
            assert list(part) == sorted(set(part))
        assert all(len(cut) == 3 for cut in result.releases)
        assert all(cut[3:] != ((0, 0),) for cut in result.prereleases)


@given(version_sets, st.lists(st.sampled_from(PROBES)))
def test_filter_keeps_what_is_allowed_in_order(a: VersionSet, candidates: list[Version]) -> None:
    """Filtering gives the allowed candidates, in their order, with repetitions."""
    assert a.filter(candidates) == [version for version in candidates if a.allows(version)]


@given(wild_versions, wild_versions)
def test_exactly_one_version(version: Version, other: Version) -> None:
    """The set of one version allows that version and no other, and survives pickling."""
    single = VersionSet.exactly(version)
    assert single.allows(version)
    assert single.allows(other) == (version == other)
    assert not (single - single).allows(version)
    assert pickle.loads(pickle.dumps(single)) == single  # noqa: S301  our own bytes


@pytest.mark.parametrize("include_lower", [True, False])
@pytest.mark.parametrize("include_upper", [True, False])
@given(lower=versions, upper=versions)
def test_interval_follows_precedence(
    lower: Version, upper: Version, include_lower: bool, include_upper: bool
) -> None:
    """An interval allows what lies between its bounds by precedence, with each bound if so told."""
    interval = VersionSet.interval(lower, upper, include_lower=include_lower, include_upper=include_upper)
    for version in PROBES:
        above = version > lower or (include_lower and version == lower)
        under = version < upper or (include_upper and version == upper)
        assert interval.allows(version) == (above and under)
    assert VersionSet.interval(lower) | VersionSet.interval(upper=lower) == FULL
    assert VersionSet.interval(lower) & VersionSet.interval(upper=lower) == EMPTY


def test_neighbours_leave_no_gap() -> None:
    """Between a version and its successor there is nothing, however the two bounds are written."""
    for lower, upper in [("1.2.3-a", "1.2.3-a.0"), ("1.2.3-1.b", "1.2.3-1.b.0"), ("1.2.3-0", "1.2.3-0.0")]:
        gap = VersionSet.interval(parse(lower), parse(upper), include_lower=False)
        assert gap == EMPTY
    patches = VersionSet.interval(parse("1.2.3"), parse("1.2.4"), include_lower=False)
    assert patches & RELEASES == EMPTY
    assert patches == VersionSet.prereleases_of(parse("1.2.4"))


@pytest.mark.parametrize(
    ("versions", "empty", "full"), [(EMPTY, True, False), (FULL, False, True), (RELEASES, False, False)]
)
def test_the_three_simplest_sets(versions: VersionSet, empty: bool, full: bool) -> None:
    """Nothing, everything, and all releases are told apart, and only the last depends on the version."""
    assert (versions.is_empty, versions.is_full) == (empty, full)
    assert versions.allows(parse("1.2.3")) == (not empty)
    assert versions.allows(parse("1.2.3-a")) == full


def test_a_set_equals_sets_only() -> None:
    """A set is unequal to the text that it prints."""
    printed: object = str(VersionSet.any_release())
    assert VersionSet.any_release() != printed
