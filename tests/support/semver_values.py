"""semver_values: small versions, constraints and sets, close enough together to meet at every border."""

from __future__ import annotations

from itertools import product

from hypothesis import strategies as st

from hpmtasks.semver.constraint import parse_constraint
from hpmtasks.semver.version import Version
from hpmtasks.semver.version_set import VersionSet

_IDENTIFIERS: tuple[int | str, ...] = (0, 1, "a")
_PRERELEASES = [prerelease for length in (1, 2, 3) for prerelease in product(_IDENTIFIERS, repeat=length)]

#: Every version that a border drawn by ``versions`` could divide from another, ascending: two sets
#: made from those are equal if they allow the same of these.
PROBES = sorted(
    Version(*release, prerelease)
    for release in product(range(4), range(4), range(4))
    for prerelease in [(), *_PRERELEASES]
)

_numbers = st.integers(0, 2)
_prereleases = st.lists(st.sampled_from(_IDENTIFIERS), max_size=2).map(tuple)

#: Versions whose neighbours are all among the probes.
versions = st.builds(Version, _numbers, _numbers, _numbers, _prereleases)

_identifiers = st.one_of(st.integers(0, 10**20), st.from_regex(r"\A[0-9]{0,2}[A-Za-z-][0-9A-Za-z-]{0,3}\Z"))
_builds = st.lists(st.from_regex(r"\A[0-9A-Za-z-]{1,4}\Z"), max_size=3).map(".".join)

#: Any versions, with build metadata and long numbers.
wild_versions = st.builds(
    Version,
    *[st.integers(0, 10**20)] * 3,
    st.lists(_identifiers, max_size=4).map(tuple),
    _builds,
)

_wildcards = st.sampled_from(["", ".x", ".*", ".X"])
_partials = st.one_of(
    versions.map(str),
    st.builds(str.__add__, st.builds("{}.{}".format, _numbers, _numbers), _wildcards),
    st.builds(str.__add__, _numbers.map(str), _wildcards),
    st.sampled_from(["*", "x"]),
)
_operators = st.sampled_from(["", "=", "^", "~", "~>", ">", ">=", "<", "<=", "^ ", ">= ", "v", "<=v"])
_comparators = st.builds(str.__add__, _operators, _partials)
_alternatives = st.one_of(
    st.lists(_comparators, max_size=3).map(" ".join), st.builds("{} - {}".format, _partials, _partials)
)

#: Every notation, alone and joined.
constraint_texts = st.lists(_alternatives, min_size=1, max_size=3).map(" || ".join)

#: Sets that constraints mean.
constraint_sets = constraint_texts.map(lambda text: parse_constraint(text).versions)

_intervals = st.builds(
    VersionSet.interval,
    st.none() | versions,
    st.none() | versions,
    include_lower=st.booleans(),
    include_upper=st.booleans(),
)

#: Sets of every kind, also those that no constraint means.
version_sets = st.one_of(
    st.sampled_from([VersionSet.empty(), VersionSet.full(), VersionSet.any_release()]),
    constraint_sets,
    _intervals,
    st.builds(VersionSet.__or__, _intervals, _intervals),
    st.builds(VersionSet.__sub__, _intervals, constraint_sets),
)
