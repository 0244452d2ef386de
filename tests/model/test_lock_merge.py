"""Merging locks: what one side changed is taken, and nothing is invented."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from hpmtasks.model.lock_merge import merge
from hpmtasks.model.lockfile import LockEntry, Lockfile, parse_lockfile, render
from hpmtasks.model.package import PackageName
from tests.support.locks import entry

NAMES = [PackageName("x", repo) for repo in "abcd"]
ENTRIES = st.builds(
    lambda version, needs, commit, tree, dev: replace(
        entry(version, needs), commit=commit, tree=tree, dev=dev
    ),
    st.sampled_from(["1.0.0", "1.0.0+build", "2.0.0"]),
    st.sampled_from(["", "x/b@^1"]),
    st.sampled_from([None, "a" * 40, "b" * 40]),
    st.sampled_from([None, f"sha256-{'a' * 64}"]),
    st.booleans(),
)
LOCKS = st.builds(
    lambda entries, extras: Lockfile(entries, extras=extras),
    st.dictionaries(st.sampled_from(NAMES), ENTRIES),
    st.dictionaries(st.sampled_from(["note", "other"]), st.integers(0, 2)),
)


def texts(entries: Mapping[PackageName, LockEntry]) -> bytes:
    """The entries as the file has them."""
    return render(Lockfile(entries))


@given(LOCKS, LOCKS)
def test_what_one_side_changed_is_taken(base: Lockfile, changed: Lockfile) -> None:
    """If the other side is as before, the result is the changed side, from either side."""
    for merged in (merge(base, base, changed), merge(base, changed, base), merge(base, changed, changed)):
        assert texts(merged.lockfile.entries) == texts(changed.entries)
        assert merged.lockfile.extras == changed.extras
        assert not merged.dropped


@given(LOCKS, LOCKS, LOCKS)
def test_sides_are_equal_partners(base: Lockfile, ours: Lockfile, theirs: Lockfile) -> None:
    """Which side is called ours decides nothing about packages."""
    one, other = merge(base, ours, theirs), merge(base, theirs, ours)
    assert texts(one.lockfile.entries) == texts(other.lockfile.entries)
    assert one.dropped.keys() == other.dropped.keys()


@given(LOCKS, LOCKS, LOCKS)
def test_nothing_is_invented_and_nothing_lost(base: Lockfile, ours: Lockfile, theirs: Lockfile) -> None:
    """Every version comes from a side; what both have is there or dropped; the result can be read again."""
    merged = merge(base, ours, theirs)
    for name, chosen in merged.lockfile.entries.items():
        sides = [side.entries[name] for side in (ours, theirs) if name in side.entries]
        assert str(chosen.version) in {str(side.version) for side in sides}
        assert name not in merged.dropped
    for name in ours.entries.keys() & theirs.entries.keys():
        assert (name in merged.lockfile.entries) != (name in merged.dropped)
    assert render(parse_lockfile(render(merged.lockfile), "merged")) == render(merged.lockfile)


A = NAMES[0]
NONE = Lockfile()


def only(found: LockEntry) -> Lockfile:
    """A lock of nothing but x/a."""
    return Lockfile({A: found})


def test_removed_here_and_changed_there_is_dropped() -> None:
    """Whether the package is needed is for the next installation to find out."""
    merged = merge(only(entry("1.0.0")), NONE, only(entry("2.0.0")))
    assert merged.lockfile.entries == {}
    assert merged.dropped[A] == (None, entry("2.0.0"))


def test_two_that_know_different_things_of_one_version_are_united() -> None:
    """A side of the first hpm knows no commit: the other's word is taken."""
    known = replace(entry("1.0.0"), commit="a" * 40, tree=f"sha256-{'b' * 64}")
    assert merge(NONE, only(entry("1.0.0")), only(known)).lockfile.entries == {A: known}
    assert A in merge(NONE, only(replace(known, commit="c" * 40)), only(known)).dropped


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "dev"),
    [
        (True, True, False, False),
        (False, True, False, True),
        (None, True, False, False),
        (None, True, True, True),
    ],
)
def test_who_needs_it_is_no_conflict(*, base: bool | None, ours: bool, theirs: bool, dev: bool) -> None:
    """The side that changed ``dev`` is right; of two that added the package, the one that needs it to run."""
    before = NONE if base is None else only(replace(entry("1.0.0"), dev=base))
    merged = merge(before, only(replace(entry("1.0.0"), dev=ours)), only(replace(entry("1.0.0"), dev=theirs)))
    assert merged.lockfile.entries[A].dev is dev
