"""sealed: what was altered is told from what was not."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, strategies as st

from hpmtasks.files.sealed import check_seal, seal

SEALED = seal('{"format":1,"names":["a","ü"]}\n')


def test_sealed_object_is_still_json() -> None:
    """Anybody can read it; the fingerprint is one field more."""
    document = json.loads(check_seal(SEALED))
    assert len(document.pop("fingerprint")) == 32
    assert document == {"format": 1, "names": ["a", "ü"]}


@given(at=st.integers(0, len(SEALED) - 1), byte=st.integers(1, 255))
def test_every_altered_byte_is_seen(at: int, byte: int) -> None:
    """Wherever one byte differs, the fingerprint included, the object is refused."""
    altered = bytearray(SEALED)
    altered[at] ^= byte
    with pytest.raises(ValueError, match="altered"):
        check_seal(bytes(altered))


@pytest.mark.parametrize("cut", range(len(SEALED)))
def test_torn_write_is_seen(cut: int) -> None:
    """Of an object that was cut short nothing is believed."""
    with pytest.raises(ValueError, match="altered"):
        check_seal(SEALED[:cut])


def test_more_than_was_written_is_seen() -> None:
    """Neither is one with something behind it."""
    with pytest.raises(ValueError, match="altered"):
        check_seal(SEALED + b" ")
