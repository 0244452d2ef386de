"""Patterns of files, compared with a reference that is too slow to use and too simple to be wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings, strategies as st

from hpmtasks.files.globs import GlobSet, escape, glob_set, parse_globs
from tests.support.glob_reference import NAMES, PATTERNS, fits_by_definition

PATHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map("/".join)

FITTING = [
    ("src/main.hml", "src/main.hml", "src/main.hml2 main.hml src/main"),
    ("src", "src src/a src/a/b", "asrc a/src"),
    ("src/", "src/a src/a/b", "src a/src/b"),
    ("./src//a/", "src/a/b", "src/a src/b"),
    (".", "a a/b .c", ""),
    ("*", "a .a a/b", ""),
    ("*.hml", "a.hml .hml x.hml/inside", "a.hm src/a.hml"),
    ("a?c", "abc a.c", "ac abbc a/c"),
    ("a*b*c", "abc aXbYc abbcc", "ab acb"),
    ("src/**", "src/a src/a/b", "src"),
    ("**", "a a/b", ""),
    ("**/x", "x a/x a/b/x x/y", "xx a/xx"),
    ("a/**/b", "a/b a/x/b a/x/y/b a/b/c", "b a/xb x/a/b"),
    ("**/a/**", "a/x b/a/x", "a b/a"),
    ("a**b", "ab axb", "a/b"),
    ("[ab]", "a b", "c ab [ab]"),
    ("[!ab]", "c .", "a b"),
    ("[^ab]", "c", "a b"),
    ("[a-c]x", "ax bx cx", "dx"),
    ("[]a]", "] a", "b"),
    ("[c-a]", "", "a b c -"),
    ("[a-]", "a -", "b"),
    ("[!c-a]", "a b", ""),
    ("[a", "[a", "a"),
    ("a]", "a]", "a"),
    ("[*]", "*", "a"),
    ("{a,b}.hml", "a.hml b.hml", "c.hml {a,b}.hml"),
    ("{src,test}/**/*.{hml,json}", "src/a.hml test/x/y.json", "src/a.md lib/a.hml"),
    ("{a,b{c,d}}", "a bc bd", "b c bcd"),
    ("{,x}a", "a xa", "ya"),
    ("{a}", "{a}", "a"),
    ("{a,b", "{a,b", "a b"),
    ("a}", "a}", "a"),
    ("[{]a,b}", "{a,b}", "a b"),
    ("[a/{b,c}]", "[a/b] [a/c]", "a b c"),
    ("x\ny", "x\ny", "x y"),
]


@pytest.mark.parametrize(("pattern", "fitting", "others"), FITTING, ids=[row[0] for row in FITTING])
def test_what_a_pattern_means(pattern: str, fitting: str, others: str) -> None:
    """Each way to write a pattern takes these paths, and not those."""
    globs = glob_set((pattern,))
    assert [path for path in filter(None, fitting.split(" ")) if not globs.fits(path)] == []
    assert [path for path in filter(None, others.split(" ")) if globs.fits(path)] == []


@pytest.mark.parametrize(
    ("patterns", "taken"),
    [
        (["src", "!src/tests", "src/tests/keep.hml"], {"src/a", "src/tests/keep.hml"}),
        (["!src/tests", "src"], {"src/a", "src/tests/x", "src/tests/keep.hml"}),
        (["**", "!**/x"], {"src/a", "src/tests/keep.hml"}),
        (["!src"], set()),
        ([], set()),
    ],
)
def test_the_last_that_fits_decides(patterns: Sequence[str], taken: set[str]) -> None:
    """Later patterns take away and give back; what no pattern names is not taken."""
    globs = GlobSet(parse_globs(patterns))
    assert {path for path in ("src/a", "src/tests/x", "src/tests/keep.hml") if globs.fits(path)} == taken


@given(PATTERNS, PATHS)
@example(["**/a/**/b"], "a/a/b/b")
@example(["a", "!a/b", "a/b/ab"], "a/b/ab")
@settings(max_examples=600, deadline=None)
def test_patterns_mean_what_the_definition_says(patterns: list[str], path: str) -> None:
    """For any patterns and any path the automaton and the definition agree."""
    assert GlobSet(parse_globs(patterns)).fits(path) == fits_by_definition(patterns, path)


@given(
    st.text(min_size=1).filter(lambda name: not re.search(r"/|^\.{1,2}$|\0", name)), st.sampled_from("ab*[!")
)
@example("!x", "a")
@example("[a]{b,c}*?", "a")
@settings(deadline=None)
def test_an_escaped_path_is_itself(name: str, other: str) -> None:
    """Whatever characters are in a path, escaped it fits itself and what is in it, and nothing longer."""
    globs = GlobSet(parse_globs([escape(f"{name}/x")]))
    assert globs.fits(f"{name}/x")
    assert globs.fits(f"{name}/x/y")
    assert not globs.fits(f"{name}{other}/x")


@pytest.mark.parametrize("pattern", ["{a,b}" * 13, "{" * 3000 + ",", "/".join("a" * 100)])
def test_a_pattern_without_end_is_refused(pattern: str) -> None:
    """What would take all memory, or means nothing, ends in a sentence or in itself, at once."""
    if "{a" in pattern or "/" in pattern:
        with pytest.raises(ValueError, match="has more than"):
            parse_globs([pattern])
    else:
        assert GlobSet(parse_globs([pattern])).fits(pattern)


def test_no_pattern_takes_time_without_end() -> None:
    """Stars and folders in any number are read once, not in every possible way."""
    assert not glob_set(("*a" * 40 + "b",)).fits("a" * 200)
    assert not glob_set(("**/a/" * 20 + "b",)).fits("a/" * 60 + "c")


def test_a_place_knows_what_can_follow() -> None:
    """A walk is told the only names that can matter, when all that follows is taken, and when nothing is."""
    start = glob_set(("src/a/**", "lib/*.hml", "!src/a/b")).start
    assert start.literals == frozenset({"src", "lib"})
    source = start.enter("src")
    assert source is not None
    assert source.literals == frozenset({"a"})
    inner, library = source.enter("a"), start.enter("lib")
    assert inner is not None
    assert library is not None
    assert (inner.takes_all, inner.literals, library.literals) == (False, None, None)
    below = inner.enter("c")
    assert below is not None
    assert below.takes_all
    assert (inner.enter("b"), start.enter("other")) == (None, None)
