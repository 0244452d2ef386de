"""Constraints mean what node-semver says; garbage is pointed at."""

from __future__ import annotations

import operator
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from hpmtasks.semver.constraint import (
    LONGEST_CONSTRAINT,
    Constraint,
    InvalidConstraint,
    caret,
    constraints_overlap,
    max_satisfying,
    moved_to,
    parse_constraint,
    satisfies,
    simplify,
)
from hpmtasks.semver.notations import NOTATIONS
from hpmtasks.semver.version import Version, parse
from hpmtasks.semver.version_set import VersionSet
from tests.support.semver_values import PROBES, constraint_texts, versions

HERE = Path(__file__).parent


def _examples() -> list[tuple[str, list[str], list[str]]]:
    rows = []
    for line in (HERE / "notations.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            # The constraint may hold "||"; the two bars that divide have a blank on both sides.
            constraint, inside, outside = line.replace("||", "\0").split("|")
            rows.append((constraint.replace("\0", "||"), inside.split(), outside.split()))
    return rows


def _garbage() -> list[tuple[str, int, str]]:
    blocks = (HERE / "garbage.txt").read_text(encoding="utf-8").split("\n\n")
    rows = []
    for text, pointer in (block.strip("\n").split("\n") for block in blocks if not block.startswith("#")):
        gap, _, reason = pointer.partition("^ ")
        rows.append((text, len(gap), reason))
    return rows


@pytest.mark.parametrize(("constraint", "inside", "outside"), _examples())
def test_each_notation_means_its_examples(constraint: str, inside: list[str], outside: list[str]) -> None:
    """A constraint accepts what stands in its second column and refuses what stands in the third."""
    assert inside or outside
    assert [version for version in inside if not satisfies(version, constraint)] == []
    assert [version for version in outside if satisfies(version, constraint)] == []


def test_every_notation_has_an_example() -> None:
    """No notation of the table lacks a line in notations.txt that begins with it."""
    written = [constraint.strip() for constraint, _, _ in _examples()]
    for symbol in NOTATIONS:
        operands = [text.removeprefix(symbol).strip(" v") for text in written if text.startswith(symbol)]
        assert any(operand[:1].isdigit() for operand in operands), symbol


@pytest.mark.parametrize(("text", "position", "reason"), _garbage())
def test_garbage_is_pointed_at(text: str, position: int, reason: str) -> None:
    """Garbage is refused for its reason, with the caret under the culprit."""
    with pytest.raises(InvalidConstraint) as caught:
        parse_constraint(text)
    error = caught.value
    assert (error.text, error.position, error.reason) == (text, position, reason)
    first, shown, pointer = str(error).split("\n")
    assert first == f"{text!r} is not a constraint: {reason}"
    assert (shown, pointer.index("^")) == (f"  {text}", position + 2)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301  our own bytes


def test_an_error_shows_the_neighbourhood_and_no_control_characters() -> None:
    """In a long text the caret stands under the culprit too, and control characters are not printed."""
    text = "1.2.3 || " * 50 + "\x1b[2Jé" + " || 1.2.3" * 50
    with pytest.raises(InvalidConstraint) as caught:
        parse_constraint(text)
    first, shown, pointer = str(caught.value).split("\n")
    assert len(first) < 200
    assert "\x1b" not in first + shown
    assert shown[pointer.index("^") :].startswith("?[2Jé")


def test_a_constraint_has_a_longest_length() -> None:
    """The longest accepted text is read; one character more is refused."""
    longest = "1.2.3".ljust(LONGEST_CONSTRAINT)
    assert str(parse_constraint(longest)) == "1.2.3"
    with pytest.raises(InvalidConstraint, match="longer than 2048 characters"):
        parse_constraint(longest + " ")
    digits = "9" * LONGEST_CONSTRAINT
    assert simplify(digits[:-1]).startswith(">=999")


# ---------------------------------------------------------------- meaning

_COMPARISONS: dict[str, Callable[[Version, Version], bool]] = {
    "": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_comparators = st.tuples(
    st.sampled_from(sorted(_COMPARISONS)), versions.filter(lambda version: version.release != (0, 0, 0))
)


@given(st.lists(st.lists(_comparators, min_size=1, max_size=3), min_size=1, max_size=3))
def test_comparisons_and_the_rule_of_prereleases(alternatives: list[list[tuple[str, Version]]]) -> None:
    """In one alternative all comparisons have to hold, and for a prerelease one has to name its triple."""
    text = " || ".join(" ".join(f"{symbol}{bound}" for symbol, bound in bounds) for bounds in alternatives)
    for version in PROBES[::7]:
        expected = any(
            all(_COMPARISONS[symbol](version, bound) for symbol, bound in bounds)
            and (
                not version.is_prerelease
                or any(bound.is_prerelease and bound.release == version.release for _, bound in bounds)
            )
            for bounds in alternatives
        )
        assert satisfies(version, text) == expected, (str(version), text)


@given(constraint_texts, st.sampled_from(PROBES))
def test_satisfying_is_membership(text: str, version: Version) -> None:
    """A version satisfies a constraint exactly if it belongs to its set, given as text or as value."""
    constraint = parse_constraint(text)
    assert satisfies(str(version), text) == constraint.versions.allows(version) == constraint.allows(version)


@given(constraint_texts)
def test_what_is_printed_means_the_same(text: str) -> None:
    """The canonical text of a constraint is a constraint with the same set, and its own canonical text."""
    constraint = parse_constraint(text)
    printed = simplify(constraint)
    assert parse_constraint(printed) == constraint
    assert simplify(printed) == printed


@given(constraint_texts, constraint_texts)
def test_equality_is_that_of_meaning(a: str, b: str) -> None:
    """Two constraints are equal, with one hash and one canonical text, exactly if their sets are equal."""
    left, right = parse_constraint(a), parse_constraint(b)
    assert (left == right) == (left.versions == right.versions) == (simplify(a) == simplify(b))
    if left == right:
        assert hash(left) == hash(right)


@given(constraint_texts, constraint_texts)
def test_overlap_is_shared_versions(a: str, b: str) -> None:
    """Two constraints overlap exactly if some version satisfies both."""
    shared = any(satisfies(version, a) and satisfies(version, b) for version in PROBES)
    assert constraints_overlap(a, b) == shared


@given(constraint_texts, st.lists(st.sampled_from(PROBES)))
def test_the_highest_satisfying_version(text: str, candidates: list[Version]) -> None:
    """What max_satisfying finds satisfies and is exceeded by no candidate that does; None if none does."""
    found = max_satisfying(candidates, text)
    satisfying = [version for version in candidates if satisfies(version, text)]
    assert found == max(satisfying, default=None)


def test_the_highest_of_texts() -> None:
    """Candidates may be texts in any order; prereleases need their constraint."""
    candidates = ["1.2.3", "1.10.0", "2.0.0", "1.9.0", "1.11.0-rc.1"]
    assert str(max_satisfying(candidates, "^1.2.0")) == "1.10.0"
    assert str(max_satisfying(candidates, "^1.11.0-rc")) == "1.11.0-rc.1"
    assert max_satisfying(candidates, "^3.0.0") is None
    assert max_satisfying([], "*") is None


@given(versions)
def test_caret_saves_the_version(version: Version) -> None:
    """The constraint for saving begins with ^, accepts the version, and nothing before it."""
    text = caret(version)
    assert text == f"^{version}"
    assert satisfies(version, text)
    assert not parse_constraint(text).versions.overlaps(VersionSet.interval(upper=version))


def test_caret_leaves_build_metadata_out() -> None:
    """Build metadata is not saved, because it would not count."""
    assert caret("1.2.3-rc.1+build") == "^1.2.3-rc.1"


# ---------------------------------------------------------------- text


@given(constraint_texts, versions)
def test_a_moved_constraint_accepts_the_version(text: str, version: Version) -> None:
    """Whatever was asked for before; what names no version at all stays as it was written."""
    moved = moved_to(text, version)
    if any(character.isdigit() for character in text):
        assert satisfies(version, moved)
    else:
        assert moved == text


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("^1.0.0", "^3.0.0"),
        ("~1.2", "~3.0.0"),
        ("~> 1.2.3", "~> 3.0.0"),
        (">= v1.x", ">= v3.0.0"),
        ("1.2.3+build", "3.0.0"),
        ("=1.2.3-rc.1", "=3.0.0"),
        ("1.2", "^3.0.0"),
        ("1.x", "^3.0.0"),
        (">1.0.0", "^3.0.0"),
        ("<=2.0.0", "^3.0.0"),
        (">=1.0.0 <2.0.0", "^3.0.0"),
        ("1 || 2", "^3.0.0"),
        ("1.0.0 - 2.0.0", "^3.0.0"),
        ("", ""),
        (" * ", " * "),
    ],
)
def test_a_moved_constraint_keeps_its_operator(text: str, moved: str) -> None:
    """What names more than one version, or a part of one, becomes a caret."""
    assert moved_to(text, "3.0.0+build") == moved


def test_a_constraint_keeps_its_text() -> None:
    """A constraint prints as it was written, without outer blanks, and nothing prints as *."""
    assert parse_constraint(" ^1.2.3 ").text == " ^1.2.3 "
    assert str(parse_constraint(" ^1.2.3 ")) == "^1.2.3"
    assert [str(parse_constraint(blank)) for blank in ("", " ")] == ["*", "*"]


def test_a_set_as_constraint_can_be_made_by_hand() -> None:
    """A constraint made of a text and a set equals the parsed one, whatever the text."""
    assert Constraint("whatever", parse_constraint("1.2.3").versions) == parse_constraint("=1.2.3")


@pytest.mark.parametrize(
    ("constraint", "canonical"),
    [
        ("", "*"),
        ("^1.2.3", ">=1.2.3 <2.0.0"),
        ("~1", ">=1.0.0 <2.0.0"),
        ("1.2.3", "1.2.3"),
        ("^0.0.3", "0.0.3"),
        ("^0", "<1.0.0"),
        (">1.2.3", ">=1.2.4"),
        ("<=1.2.3", "<1.2.4"),
        ("3.0.0 || ^1", ">=1.0.0 <2.0.0 || 3.0.0"),
        ("^1 || ^2", ">=1.0.0 <3.0.0"),
        ("1.2.3 || 1.2.4", ">=1.2.3 <1.2.5"),
        ("^1 <1", "<0.0.0-0"),
        (">=1.0.0-alpha <2.0.0", ">=1.0.0-alpha <2.0.0"),
        (">=1.0.0-a <2.0.0-b", ">=1.0.0-a <2.0.0-b"),
        ("<=2.0.0-rc", "<=2.0.0-rc"),
        (">2.0.0-rc", ">=2.0.0-rc.0"),
        ("1.0.0-a", "1.0.0-a"),
        ("1.0.0-0", "1.0.0-0"),
        ("1.0.0-0 || 1.0.0-0.0", ">=1.0.0-0 <=1.0.0-0.0"),
        (">=1.0.0-a <1.0.0", ">=1.0.0-a <1.0.0"),
        (">=1.0.0-0 <1.0.0", ">=1.0.0-0 <1.0.0"),
        ("^1.2.3-a || ^2.0.0-b", ">=1.2.3-a <3.0.0 || >=2.0.0-b <2.0.0"),
        ("^1.0.0 || 2.0.0-b", ">=1.0.0 <2.0.0 || 2.0.0-b"),
        ("^1.0.0 || >=2.0.0-0 <2.0.0", ">=1.0.0 <2.0.0 || >=2.0.0-0 <2.0.0"),
        ("^1.0.0 || <2.0.0-b >=2.0.0-0", ">=1.0.0 <2.0.0-b"),
        (">=0.0.0-a", ">=0.0.0-a"),
        ("<1.0.0 || >=1.0.0 || 1.0.0-a", "<1.0.0 || 1.0.0-a || >=1.0.0"),
        ("<1.0.0 || >=1.0.0 || 0.0.0-a", "0.0.0-a || 0.0.0 || >=0.0.1"),
        ("<1.0.0 || >=1.0.0-a", "<1.0.0 || >=1.0.0-a"),
    ],
)
def test_canonical_texts(constraint: str, canonical: str) -> None:
    """Each set has the text that a reader would expect."""
    assert simplify(constraint) == canonical


def test_sets_that_no_constraint_means_are_described() -> None:
    """Where no constraint means a set, it is told as the rest of one, or in words."""
    caret_one = parse_constraint("^1.0.0").versions
    everything = VersionSet.full()
    stretch = VersionSet.interval(parse("1.0.0-b"), parse("2.0.0"))
    assert str(everything) == "any version or prerelease"
    assert str(~caret_one) == "not (>=1.0.0 <2.0.0)"
    assert str(everything - VersionSet.any_release()) == "not (*)"
    assert str(stretch) == ">=1.0.0 <2.0.0 || prereleases >=1.0.0-b <2.0.1-0"
    assert str(~stretch) == "<1.0.0 || >=2.0.0 || prereleases <1.0.0-b || prereleases >=2.0.1-0"
    assert str(stretch - VersionSet.any_release()) == "prereleases >=1.0.0-b <2.0.1-0"
    assert str(VersionSet.interval(parse("0.0.5-a"), parse("0.0.99999999999-a"))).startswith(">=0.0.5 <")


def test_prereleases_of_neighbouring_triples_are_named_one_by_one() -> None:
    """A stretch of prereleases over a few patches is printed as the constraint that means it."""
    few = VersionSet.interval(parse("1.0.0-b"), parse("1.0.2-c"))
    assert str(few) == ">=1.0.0-b <1.0.2-c || >=1.0.1-0 <1.0.1"
    assert parse_constraint(str(few)).versions == few
