"""Comparing trees: what is said makes the one of the other, and nobody is kept waiting."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from hpmtasks.store import comparison
from hpmtasks.store.comparison import LARGEST_FILE, FileDifference, compare_trees
from hpmtasks.store.entries import TreeEntry, TreeFile
from hpmtasks.store.tree import tree_digest

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


def tree(folder: Path, files: Mapping[str, bytes], *, executable: tuple[str, ...] = ()) -> TreeEntry:
    """A tree with *files*, below *folder*."""
    entries = []
    for path, content in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        entries.append(TreeFile(path, path in executable, len(content), hashlib.sha256(content).hexdigest()))
    ordered = tuple(sorted(entries, key=lambda file: file.path.encode()))
    return TreeEntry(tree_digest(ordered), ordered, folder)


def only(before: bytes, after: bytes, tmp_path: Path) -> FileDifference:
    """The difference of one file."""
    old, new = tree(tmp_path / "old", {"x": before}), tree(tmp_path / "new", {"x": after})
    (found,) = compare_trees(old, new)
    return found


def applied(before: bytes, lines: tuple[str, ...]) -> bytes:
    """*before* after the unified diff *lines*; every line of context and every number is checked."""
    old = before.split(b"\n")
    old = [line + b"\n" for line in old[:-1]] + ([old[-1]] if old[-1] else [])
    result: list[bytes] = []
    at = 0
    rows = list(lines)
    while rows:
        header = _HUNK.fullmatch(rows.pop(0))
        assert header
        start, length, new_start, new_length = (int(number or 1) for number in header.groups("1"))
        start -= length > 0
        result += old[at:start]
        at = start
        assert len(result) == new_start - (new_length > 0)
        taken = given_new = 0
        while rows and not rows[0].startswith("@@"):
            mark, text = rows[0][0], rows.pop(0)[1:].encode()
            if rows and rows[0].startswith("\\"):
                rows.pop(0)
            else:
                text += b"\n"
            if mark in " -":
                assert old[at] == text
                at += 1
                taken += 1
            if mark in " +":
                result.append(text)
                given_new += 1
        assert (taken, given_new) == (length, new_length)
    return b"".join(result + old[at:])


_texts = st.lists(st.sampled_from(["a", "b", "", "c\r", "+", "@@"]), max_size=12).map(
    lambda lines: "\n".join(lines).encode()
)


@given(_texts, _texts, st.sampled_from([0, 40, 10**9]))
def test_diff_makes_the_new_file_of_the_old(before: bytes, after: bytes, steps: int) -> None:
    """Whatever the bounds are, following the diff gives the other file, and its counts are right."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(comparison, "_MOST_STEPS", steps)
        if before == after:
            return
        found = only(before, after, Path(folder))
    assert applied(before, found.lines) == after
    assert found.added == sum(line.startswith("+") for line in found.lines)
    assert found.removed == sum(line.startswith("-") for line in found.lines)


def test_each_kind_of_change_is_told(tmp_path: Path) -> None:
    """Added, removed, changed, another mode; what is equal is not named."""
    old = tree(tmp_path / "old", {"gone": b"1\n", "same": b"2\n", "mode": b"3\n", "text": b"4\n"})
    new = tree(
        tmp_path / "new",
        {"came": b"1\n", "same": b"2\n", "mode": b"3\n", "text": b"5\n"},
        executable=("mode", "text"),
    )

    found = {file.path: (file.status, file.executable) for file in compare_trees(old, new)}

    assert found == {
        "came": ("added", (False, False)),
        "gone": ("removed", (False, False)),
        "mode": ("mode", (False, True)),
        "text": ("changed", (False, True)),
    }


def test_nothing_compared_with_a_tree_is_all_of_it(tmp_path: Path) -> None:
    """A package that comes is all added; one that goes all removed; equal trees have no difference."""
    some = tree(tmp_path, {"a": b"1\n2\n", "b/c": b""})
    assert [(file.status, file.added) for file in compare_trees(None, some)] == [("added", 2), ("added", 0)]
    assert [(file.status, file.removed) for file in compare_trees(some, None)] == [
        ("removed", 2),
        ("removed", 0),
    ]
    assert compare_trees(some, some) == ()


@pytest.mark.parametrize("content", [b"\0", b"\xff\xfe", b"text\n\0"])
def test_what_is_not_text_is_not_shown(tmp_path: Path, content: bytes) -> None:
    """NUL, or bytes that are not UTF-8, make a file binary, on either side."""
    for before, after in ((content, b"text\n"), (b"text\n", content)):
        found = only(before, after, tmp_path)
        assert (found.is_binary, found.lines, found.remark) == (True, (), "not text")


def test_huge_file_is_named_with_its_sizes(tmp_path: Path) -> None:
    """A file past the bound is not read, even if it would be text."""
    found = only(b"x\n", b"x" * (LARGEST_FILE + 1), tmp_path)
    assert (found.sizes, found.lines) == ((2, LARGEST_FILE + 1), ())
    assert found.remark == "too large to compare line by line"


def test_lines_of_all_files_together_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the bound the counts remain, and small files still fit in."""
    monkeypatch.setattr(comparison, "MOST_LINES", 10)
    new = tree(tmp_path, {"a": b"1\n" * 5, "b": b"2\n" * 30, "c": b"3\n"})
    assert [(file.added, len(file.lines)) for file in compare_trees(None, new)] == [(5, 6), (30, 0), (1, 2)]


def test_files_made_to_be_slow_are_given_as_one_block(tmp_path: Path) -> None:
    """Lines that repeat just below difflib's threshold for popular ones would take it hours."""
    lines = [f"{number % 120}\n".encode() for number in range(60_000)]
    before, after = b"".join(lines), b"start\n" + b"".join(reversed(lines)) + b"end\n"
    found = only(before, after, tmp_path)
    assert (found.removed, found.added) == (60_000, 60_002)
