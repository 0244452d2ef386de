"""Versions are spelled, ordered and counted up as SemVer 2.0.0 and node-semver say."""

from __future__ import annotations

import json
import pickle
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from hpmtasks.semver.version import (
    LONGEST_VERSION,
    Level,
    Version,
    compare,
    eq,
    gt,
    gte,
    increment,
    lt,
    lte,
    parse,
    parse_tag,
    sort,
    stringify,
)
from tests.support.semver_values import wild_versions

CONFORMANCE = Path(__file__).resolve().parents[2] / "../shared/conformance"


def _official(name: str) -> Any:
    path = CONFORMANCE / name
    if not path.is_file():
        pytest.skip(f"the official test data {name} is not beside the repository")
    return json.loads(path.read_text(encoding="utf-8"))


def test_official_versions_are_told_from_the_others() -> None:
    """Each string that semver.org calls valid is read into its parts, each invalid one is refused."""
    cases = _official("semver-valid-invalid.json")
    assert len(cases) > 60
    for case in cases:
        text = case["version"]
        if not case["valid"]:
            with pytest.raises(ValueError, match="is not a version"):
                parse(text)
            continue
        version = parse(text)
        assert str(version) == text
        assert [str(number) for number in version.release] == [case["major"], case["minor"], case["patch"]]
        assert ".".join(map(str, version.prerelease)) == (case["prerelease"] or "")
        assert version.build == (case["buildmetadata"] or "")


def test_official_chains_ascend() -> None:
    """Versions come in the order that SemVer prints, and those it calls equal are equal."""
    official = _official("semver-precedence.json")
    for chain in official["ascending_chains"]:
        assert all(lt(lower, upper) and not gte(lower, upper) for lower, upper in pairwise(chain))
    for left, right in official["equal_precedence"]:
        assert eq(left, right)
        assert hash(parse(left)) == hash(parse(right))


ASCENDING = """
    0.0.0-0 0.0.0 0.0.1-a 0.0.1 0.1.0 0.9.0 0.10.0
    1.0.0-0 1.0.0-0.0 1.0.0-1 1.0.0-2 1.0.0-10 1.0.0-10.a 1.0.0-- 1.0.0--1 1.0.0-0a 1.0.0-A 1.0.0-Z 1.0.0-a
    1.0.0-a.0 1.0.0-a.0.0 1.0.0-a.1 1.0.0-a.-1 1.0.0-a.b 1.0.0-a- 1.0.0-a0 1.0.0-aa 1.0.0-b 1.0.0
    1.0.1-0 1.0.1 1.1.0 2.0.0-rc.9 2.0.0-rc.10 2.0.0 10.0.0 99999999999999999999.0.0
""".split()  # noqa: SIM905  a table reads better than a column of quotes


def test_every_pair_of_the_table_is_in_order() -> None:
    """For each two of an ascending table every comparison gives what their places say."""
    for i, a in enumerate(ASCENDING):
        for j, b in enumerate(ASCENDING):
            assert compare(a, b) == (i > j) - (i < j), (a, b)
            facts = (lt(a, b), lte(a, b), eq(a, b), gte(a, b), gt(a, b))
            assert facts == (i < j, i <= j, i == j, i >= j, i > j), (a, b)
            x, y = parse(a), parse(b)
            assert (x < y, x <= y, x == y, x >= y, x > y) == facts, (a, b)


def test_sorting_restores_the_order_whatever_came_in() -> None:
    """Texts and versions, in any order, come out ascending; equal ones by their build metadata."""
    mixed: list[Version | str] = [*map(parse, ASCENDING[::-2]), *ASCENDING[-2::-2]]
    assert [str(version) for version in sort(mixed)] == ASCENDING
    assert [str(version) for version in sort(["1.0.0+b", "1.0.0", "1.0.0+a"])] == [
        "1.0.0",
        "1.0.0+a",
        "1.0.0+b",
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("", "1", "1.2", "1.2.3.4", "v1.2.3", "=1.2.3", " 1.2.3", "1.2.3 ", "1.2.3\n", "01.2.3", "1.02.3"),
        *("1.2.03", "1.2.3-", "1.2.3-01", "1.2.3-a..b", "1.2.3-.a", "1.2.3-a.", "1.2.3-a_b", "1.2.3-é"),
        *("1.2.3+", "1.2.3+a..b", "1.2.3+a+b", "-1.2.3", "1.-2.3", "1.2.x", "*", "latest"),
        *("\uff11.2.3", "1.2.\u0663", "1.2.3-\u0663"),
    ],
)
def test_what_is_nearly_a_version_is_refused(text: str) -> None:
    """A text that is not SemVer to the letter is a ValueError whose sentence quotes it."""
    with pytest.raises(ValueError, match="is not a version") as caught:
        Version.parse(text)
    assert repr(text) in str(caught.value)


def test_a_version_has_a_longest_length() -> None:
    """The longest accepted text is read; one character more is refused without repeating it all."""
    longest = "1.2.3-" + "a" * (LONGEST_VERSION - 6)
    assert str(parse(longest)) == longest
    with pytest.raises(ValueError, match="longer than 256 characters") as caught:
        parse(longest + "a")
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize(
    ("tag", "version"),
    [
        ("v1.2.3", "1.2.3"),
        ("1.2.3", "1.2.3"),
        ("v1.2.3-rc.1+b", "1.2.3-rc.1+b"),
        ("v1.2", None),
        ("v1", None),
        ("vv1.2.3", None),
        ("V1.2.3", None),
        ("v 1.2.3", None),
        ("release-1.2.3", None),
        ("json/v1.2.3", None),
        ("v01.2.3", None),
        ("v", None),
        ("", None),
        ("v" + "1" * 5000 + ".0.0", None),
    ],
)
def test_a_tag_is_a_version_or_nothing(tag: str, version: str | None) -> None:
    """A tag is a version if it is one, or is one after a single v; any other tag is None."""
    found = parse_tag(tag)
    assert (None if found is None else stringify(found)) == version


@pytest.mark.parametrize(
    ("version", "level", "expected"),
    [
        ("1.2.3", "major", "2.0.0"),
        ("1.2.3", "minor", "1.3.0"),
        ("1.2.3", "patch", "1.2.4"),
        ("1.2.3", "prerelease", "1.2.4-0"),
        ("0.0.0", "major", "1.0.0"),
        ("1.2.3-tag", "major", "2.0.0"),
        ("1.2.0-0", "major", "2.0.0"),
        ("2.0.0-rc.1", "major", "2.0.0"),
        ("2.0.1-rc.1", "major", "3.0.0"),
        ("1.2.3-tag", "minor", "1.3.0"),
        ("1.2.0-0", "minor", "1.2.0"),
        ("2.0.0-rc.1", "minor", "2.0.0"),
        ("1.2.3-tag", "patch", "1.2.3"),
        ("1.2.0-0", "patch", "1.2.0"),
        ("1.2.3-tag", "prerelease", "1.2.3-tag.0"),
        ("1.2.3-0", "prerelease", "1.2.3-1"),
        ("1.2.3-alpha.9", "prerelease", "1.2.3-alpha.10"),
        ("1.2.3-alpha.0.beta", "prerelease", "1.2.3-alpha.1.beta"),
        ("1.2.3-alpha.10.0.beta", "prerelease", "1.2.3-alpha.10.1.beta"),
        ("1.2.3-alpha.10.beta.2", "prerelease", "1.2.3-alpha.10.beta.3"),
        ("1.2.3+build", "patch", "1.2.4"),
        ("1.2.3-a+build", "prerelease", "1.2.3-a.0"),
    ],
)
def test_a_version_is_counted_up(version: str, level: Level, expected: str) -> None:
    """Each level gives the version that node-semver's inc gives."""
    assert str(increment(version, level)) == expected


def test_an_unknown_level_is_refused() -> None:
    """A level that does not exist is a ValueError that names the four which do."""
    with pytest.raises(ValueError, match="major, minor, patch and prerelease"):
        increment("1.2.3", "huge")  # type: ignore[arg-type]


@given(wild_versions)
def test_what_is_printed_is_read_back_whole(version: Version) -> None:
    """A version survives printing and reading, in every part, and pickling."""
    for copy in (parse(stringify(version)), pickle.loads(pickle.dumps(version))):  # noqa: S301  our own bytes
        assert copy == version
        assert hash(copy) == hash(version)
        assert (copy.release, copy.prerelease, copy.build) == (
            version.release,
            version.prerelease,
            version.build,
        )
        assert str(copy) == str(version)


@given(wild_versions, wild_versions, wild_versions)
def test_the_order_is_total(a: Version, b: Version, c: Version) -> None:
    """Of two versions exactly one of <, ==, > holds, each way round, and < is transitive."""
    assert [a < b, a == b, a > b].count(True) == 1
    assert (a < b) == (b > a)
    assert (a <= b) == (not b < a)
    low, middle, high = sorted([a, b, c])
    assert low <= middle <= high
    assert low <= high


@given(wild_versions)
def test_a_next_version_is_later(version: Version) -> None:
    """Whatever the level, counting up gives a later version, and a release except for "prerelease"."""
    for level in ("major", "minor", "patch", "prerelease"):
        following = increment(version, level)
        assert following > version
        assert following.is_prerelease == (level == "prerelease")


def test_a_version_is_compared_with_versions_only() -> None:
    """A version is unequal to its text, and ordering it against something else is a TypeError."""
    version = parse("1.2.3")
    assert version != "1.2.3"
    for attempt in (version.__lt__, version.__le__, version.__gt__, version.__ge__):
        assert attempt("1.2.3") is NotImplemented  # type: ignore[arg-type]
