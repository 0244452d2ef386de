from __future__ import annotations

from typing import Any

from hypothesis import given, strategies as st

from hpmtasks.model import lock_format, manifest_issues, wire

keys = st.sampled_from(["requires", "sources", "k"])
values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.just(1.5) | st.just("x"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(keys, inner, max_size=2),
    max_leaves=4,
)
manifest_fields = [field.alias or name for name, field in wire.PackageJson.model_fields.items()]
entry_fields = sorted(set(wire.LockEntryWire.model_fields) - {"version"})
lock_entries = st.fixed_dictionaries(
    {"version": st.just("1.0.0")}, optional=dict.fromkeys(entry_fields, values)
)
locks = st.fixed_dictionaries(
    {},
    optional={
        "lockVersion": values,
        "hemlock": values,
        "dependencies": st.dictionaries(st.just("a/b"), lock_entries | values, max_size=1) | values,
    },
)


@given(st.dictionaries(st.sampled_from([*manifest_fields, "other"]), values, max_size=5))
def test_the_cheap_look_at_a_manifest_agrees_with_the_typed_form(document: dict[str, Any]) -> None:
    """What the hand-written check accepts is what the documented types accept."""
    assert manifest_issues.has_documented_shape(document) == (
        wire.issues_of_shape(wire.PackageJson, document) == []
    )


@given(locks)
def test_the_cheap_look_at_a_lockfile_agrees_with_the_typed_form(document: dict[str, Any]) -> None:
    """The same for the lockfile: no document is refused without a reason, or accepted with one."""
    accepted = wire.issues_of_shape(wire.PackageLock, document) == []
    assert lock_format.has_documented_shape(document) == accepted


def test_every_issue_has_a_wording_of_its_own() -> None:
    """No documented field falls back to an unexplained refusal."""
    for field in manifest_fields:
        value: Any
        for value in (1.5, [], {}, "x", True):
            for issue in wire.issues_of_shape(wire.PackageJson, {field: value}):
                assert "something else" not in issue
