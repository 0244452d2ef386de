"""Fingerprints: by stat where that can be trusted, else by content."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
import xxhash
from hypothesis import given, settings, strategies as st

from hpmtasks.files import fingerprint as fingerprints
from hpmtasks.files.fingerprint import Stat, StatTable, fingerprint, fingerprint_file, signature

LONG_AGO_NS = 1_000_000_000_000_000_000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that was written long before anybody looked."""
    path = tmp_path / "file"
    path.write_bytes(b"content")
    os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))
    return path


class Reads:
    """Counts how often a file is read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        monkeypatch.setattr(fingerprints, "fingerprint_file", self._read)

    def _read(self, path: str) -> str:
        self.count += 1
        return fingerprint_file(path)


@given(data=st.binary())
def test_bytes_and_file_have_the_same_fingerprint(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    """It is XXH3-128 of the content, wherever the content is."""
    path = tmp_path_factory.getbasetemp() / "data"
    path.write_bytes(data)
    assert fingerprint(data) == fingerprint_file(path) == xxhash.xxh3_128(data).hexdigest()


def test_a_large_file_is_hashed_whole(tmp_path: Path) -> None:
    """Reading by pieces changes nothing."""
    data = os.urandom((1 << 20) * 2 + 1)
    (tmp_path / "large").write_bytes(data)
    assert fingerprint_file(tmp_path / "large") == fingerprint(data)


def test_an_unchanged_file_is_read_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the stat is equal the content is not looked at."""
    reads, table = Reads(monkeypatch), StatTable()
    assert table.fingerprint_of(file) == table.fingerprint_of(file) == fingerprint(b"content")
    assert reads.count == 1


def test_equal_content_under_another_stat_is_read_and_equal(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fresh checkout has other times and inodes, and the same fingerprint; then it is known again."""
    reads, table = Reads(monkeypatch), StatTable()
    first = table.fingerprint_of(file)
    file.unlink()
    file.write_bytes(b"content")
    os.utime(file, ns=(LONG_AGO_NS + 1, LONG_AGO_NS + 1))
    assert table.fingerprint_of(file) == first
    assert table.fingerprint_of(file) == first
    assert reads.count == 2


def test_a_change_that_keeps_size_and_time_is_seen(file: Path) -> None:
    """The ctime gives away who sets the clock back."""
    table = StatTable()
    first = table.fingerprint_of(file)
    file.write_bytes(b"CONTENT")
    os.utime(file, ns=(LONG_AGO_NS, LONG_AGO_NS))
    assert table.fingerprint_of(file) == fingerprint(b"CONTENT") != first


def test_a_file_as_young_as_its_record_is_never_trusted(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written in the tick in which it was recorded, a file is read each time, until its record is younger."""
    reads, table = Reads(monkeypatch), StatTable()
    monkeypatch.setattr(time, "time_ns", lambda: LONG_AGO_NS + 5_000_000)
    table.fingerprint_of(file)
    table.fingerprint_of(file)
    assert reads.count == 2
    monkeypatch.setattr(time, "time_ns", lambda: LONG_AGO_NS + 1_000_000_000)
    table.fingerprint_of(file)
    table.fingerprint_of(file)
    assert reads.count == 3


def test_a_second_name_for_a_file_costs_one_look_at_most(file: Path, tmp_path: Path) -> None:
    """Where several names share a file their making does not count as a change of it."""
    (tmp_path / "two").hardlink_to(file)
    before = signature(file)
    (tmp_path / "three").hardlink_to(file)
    assert signature(file) == before == Stat(7, LONG_AGO_NS, file.stat().st_ino, 0)


def test_a_missing_file_is_an_error_and_forgotten(file: Path) -> None:
    """Nobody gets the fingerprint of what is gone."""
    table = StatTable()
    table.fingerprint_of(file)
    file.unlink()
    with pytest.raises(FileNotFoundError):
        table.fingerprint_of(file)
    assert len(table) == 0


def test_a_table_survives_being_saved(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows go through JSON and back; what was known is known, and says that it need not be saved."""
    table = StatTable()
    first = table.fingerprint_of(file)
    assert table.changed
    again = StatTable.from_rows(json.loads(json.dumps(table.to_rows())))
    reads = Reads(monkeypatch)
    assert again.fingerprint_of(file) == first
    assert (reads.count, again.changed) == (0, False)


@pytest.mark.parametrize("row", [[], ["path"], ["path", 1, 2, 3, 4, 5, 6], None, {"path": 1}, "row"])
def test_rows_of_another_form_are_skipped(row: object) -> None:
    """A foreign row costs a reading of its file, never an error."""
    table = StatTable.from_rows([row, ["good", 1, 2, 3, 4, "f" * 32, 5]])
    assert len(table) == 1
    assert table.changed


_ACTIONS = st.lists(
    st.tuples(st.sampled_from(["write", "touch", "replace", "link", "look"]), st.integers(0, 3))
)


@given(actions=_ACTIONS)
@settings(max_examples=60)
def test_the_table_is_never_wrong(
    tmp_path_factory: pytest.TempPathFactory, actions: list[tuple[str, int]]
) -> None:
    """Whatever is done to a file between two looks, the fingerprint is that of its content."""
    folder = tmp_path_factory.mktemp("table")
    path = folder / "file"
    path.write_bytes(b"0")
    table = StatTable()
    for number, (action, value) in enumerate(actions):
        if action == "write":
            path.write_bytes(b"%d" % value)
        elif action == "touch":
            os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS + value))
        elif action == "replace":
            (folder / "new").write_bytes(b"%d" % value)
            (folder / "new").rename(path)
        elif action == "link":
            (folder / str(number)).hardlink_to(path)
        assert table.fingerprint_of(path) == fingerprint(path.read_bytes())
