"""Both libraries that decompress: what one refuses the other refuses, for the same reason."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from hpmtasks.store import inflate
from hpmtasks.store.refusal import Refused
from tests.support.hostile.case import Case
from tests.support.hostile.corpus import CASES

isal_zlib = pytest.importorskip("isal.isal_zlib", reason="ISA-L is not installed")
COMPRESSED = [case for case in CASES if case.data.startswith(inflate.GZIP_MAGIC) and not case.is_large]


def _outcome(case: Case, folder: Path) -> bytes | str:
    path = folder / "archive"
    path.write_bytes(case.data)
    try:
        with path.open("rb") as file:
            return bytes(inflate.inflate(file, folder)[:])
    except Refused as refused:
        return refused.reason


@pytest.mark.parametrize("case", COMPRESSED, ids=lambda case: case.name)
def test_either_library_says_the_same(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bytes, or the same refusal."""
    outcomes = []
    for library in (isal_zlib, zlib):
        monkeypatch.setattr(inflate, "gunzip_library", lambda library=library: library)
        outcomes.append(_outcome(case, tmp_path))
    assert outcomes[0] == outcomes[1]
