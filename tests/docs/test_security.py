"""What docs/security.md promises is held by tests that exist."""

from __future__ import annotations

import re

from hpmtasks.store import refusal
from tests.support.pages import ROOT

_PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
_NAMED = re.compile(r"`(tests/[\w/]+\.py)`")


def test_every_promise_names_tests_that_exist() -> None:
    """Each row of the table names at least one file of tests, and each of them is there and holds some."""
    table = _PAGE.partition("## What is promised")[2].partition("\n## ")[0]
    rows = [row for row in table.splitlines() if row.startswith("| ")][1:]
    assert len(rows) > 15
    for row in rows:
        named = _NAMED.findall(row)
        assert named, row
        for path in named:
            assert "\ndef test_" in (ROOT / path).read_text(encoding="utf-8"), path


def test_bounds_are_those_of_the_code() -> None:
    """The table of bounds says what an archive is measured by."""
    for number in (
        f"{refusal.MOST_ENTRIES:,}",
        f"{refusal.MOST_FOLDERS:,}",
        f"{refusal.MOST_GZIP_MEMBERS:,}",
        f"{refusal.DEEPEST} |",
        f"{refusal.LONGEST_PATH}, {refusal.LONGEST_PART} |",
        f"{refusal.MOST_SWELLING} times",
        f"{refusal.FREE_BYTES >> 20} MiB",
        f"{refusal.MOST_BYTES >> 30} GiB",
    ):
        assert number in _PAGE, number
