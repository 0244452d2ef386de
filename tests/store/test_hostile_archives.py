"""Hostile archives: each is refused for its reason or rendered harmless, in bounded time and memory."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hpmtasks.store.extract import open_archive
from hpmtasks.store.refusal import Refused
from tests.support.command_line import REPOSITORY
from tests.support.hostile.case import EVIL, Case
from tests.support.hostile.confined import MOST_BYTES, MOST_SECONDS
from tests.support.hostile.corpus import CASES

pytestmark = pytest.mark.slow
_PATIENCE_SECONDS = 600

PLAIN = [case for case in CASES if not case.is_large and not case.data.startswith(b"\x1f\x8b")]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What became of each archive in a process with 500 MiB of memory and ten seconds for each."""
    folder = tmp_path_factory.mktemp("confined")
    outside = tmp_path_factory.mktemp("outside")
    (outside / "file").write_text("mine")
    inside = folder / "inside"
    inside.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.hostile.confined", str(inside)],
        cwd=REPOSITORY,
        env={**os.environ, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=_PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in folder.rglob("*")) == ["inside"]
    assert [path.read_text() for path in outside.rglob("*")] == ["mine"]
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {row.get("name", ""): row for row in rows}


def test_the_corpus_is_large_and_each_archive_has_a_name_of_its_own() -> None:
    """No archive hides another one, and there are enough to mean something."""
    assert len({case.name for case in CASES}) == len(CASES) >= 300
    assert sum(bool(case.refusal) for case in CASES) >= 200


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_archive_ends_as_the_table_says(case: Case, outcomes: dict[str, dict[str, Any]]) -> None:
    """Refused for its reason, with nothing left; or unpacked to exactly its files."""
    outcome = outcomes[case.name]
    assert outcome["problem"] is None
    assert outcome["seconds"] < MOST_SECONDS
    if case.refusal:
        assert case.refusal in outcome["refusal"]
        return
    assert outcome["refusal"] is None
    if case.files is not None:
        found = {path: content.encode("latin-1") for path, content in outcome["files"].items()}
        found.pop("package.json", None)
        assert found == case.files


def test_memory_stayed_bounded(outcomes: dict[str, dict[str, Any]]) -> None:
    """All of them together never needed more than the bound at any time."""
    assert 0 < outcomes[""]["peakBytes"] < MOST_BYTES


def test_nothing_was_written_where_an_archive_wanted_it(outcomes: dict[str, dict[str, Any]]) -> None:
    """The places that the archives name are as empty as they were."""
    assert outcomes
    for folder in (Path("/"), Path("/tmp"), Path("/etc"), REPOSITORY, Path.home()):  # noqa: S108 - looked into
        assert not os.path.lexists(folder / EVIL)


# ---------------------------------------------------------------- variations of the whole table


def unpacked(data: bytes, folder: Path) -> dict[str, bytes]:
    """What is written for the archive *data*; *folder* is made, and is new."""
    inside = folder / "inside"
    inside.mkdir(parents=True)
    source = folder / "archive"
    source.write_bytes(data)
    files = open_archive(source, folder).write(inside, durable=False)
    return {file.path: (inside / file.path).read_bytes() for file in files}


@pytest.mark.parametrize("case", PLAIN, ids=lambda case: case.name)
def test_compression_changes_no_outcome(case: Case, tmp_path: Path) -> None:
    """What is refused or accepted plain is refused or accepted inside gzip."""
    compressed = gzip.compress(case.data, 1)
    if case.refusal:
        with pytest.raises(Refused):
            unpacked(compressed, tmp_path / "run")
    else:
        assert unpacked(compressed, tmp_path / "run") == unpacked(case.data, tmp_path / "plain")


@pytest.mark.parametrize("case", PLAIN, ids=lambda case: case.name)
def test_cut_anywhere_it_is_refused_or_the_same(case: Case, tmp_path: Path) -> None:
    """Cut after any block, an archive never becomes one with other files."""
    data = case.data
    whole = None if case.refusal else unpacked(data, tmp_path / "whole")
    for length in range(0, min(len(data), 64 * 512), 512):
        try:
            found = unpacked(data[:length], tmp_path / str(length))
        except Refused:
            continue
        # What is refused for what comes after its end has a beginning that is an honest archive.
        assert found == whole or "after its end" in case.refusal
