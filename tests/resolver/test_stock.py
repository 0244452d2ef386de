"""What halving finds among existing versions is what looking at each would find."""

from __future__ import annotations

from hypothesis import given, strategies as st

from hpmtasks.resolver.stock import Stock
from hpmtasks.semver.version import Version
from hpmtasks.semver.version_set import VersionSet
from tests.support.semver_values import PROBES, version_sets


@given(st.sets(st.sampled_from(PROBES)), version_sets)
def test_count_lowest_and_highest_are_those_of_a_filter(existing: set[Version], wanted: VersionSet) -> None:
    """The number of allowed versions and both ends are exact, prereleases and holes included."""
    allowed = sorted(wanted.filter(existing))
    expected = (len(allowed), allowed[0], allowed[-1]) if allowed else None
    assert Stock(existing).within(wanted) == expected
