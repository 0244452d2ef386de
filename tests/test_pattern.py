from __future__ import annotations

import re

import pytest

from hpmtasks.pattern import pattern


def test_a_pattern_is_what_re_makes_of_it() -> None:
    """Everything that can be asked of a compiled expression is answered the same."""
    lazy = pattern(r"(?P<letter>[a-z])-(\d+)", re.IGNORECASE)
    compiled = re.compile(r"(?P<letter>[a-z])-(\d+)", re.IGNORECASE)
    text = "A-1, b-22"
    assert lazy.findall(text) == compiled.findall(text) == [("A", "1"), ("b", "22")]
    assert lazy.sub(r"\2", text) == "1, 22"
    assert [found["letter"] for found in lazy.finditer(text)] == ["A", "b"]
    assert (lazy.pattern, lazy.flags, lazy.groups) == (compiled.pattern, compiled.flags, 2)
    assert lazy.fullmatch(text) is None


def test_it_is_compiled_when_it_is_first_used() -> None:
    """A wrong one is not noticed before; what has been asked for once is kept."""
    wrong = pattern("(")
    with pytest.raises(re.error):
        wrong.match("")
    right = pattern("a")
    assert not {"match", "fullmatch"} & vars(right).keys()
    assert right.match("ab")
    assert right.match is vars(right)["match"]


def test_bytes_have_patterns_too() -> None:
    """A pattern of bytes finds bytes."""
    found = pattern(rb"b+").search(b"abb")
    assert found is not None
    assert found[0] == b"bb"
