"""mutations: other bytes out of known ones, for what looks only at bytes that are almost right."""

from __future__ import annotations

import gzip
from collections.abc import Sequence

from hypothesis import strategies as st

_BLOCK = 512
_TELLING = (
    b"\0",
    b"..",
    b"/",
    b"\\",
    b"\xff",
    b"9" * 20,
    b"-1",
    b"\x80",
    b'"',
    b"{",
    b"[" * 60,
    b"\n",
    b"ustar",
)


@st.composite
def mutated(draw: st.DrawFn, seeds: Sequence[bytes]) -> bytes:
    """One of *seeds* after some changes; an archive's checksums are right again, often it is compressed."""
    data = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 6))):
        _change(draw, data, seeds)
    if data[257:262] == b"ustar" or draw(st.booleans()):
        _mend(data)
    whole = bytes(data)
    return gzip.compress(whole, 1, mtime=0) if draw(st.integers(0, 3)) == 0 else whole


def _change(draw: st.DrawFn, data: bytearray, seeds: Sequence[bytes]) -> None:
    at = draw(st.integers(0, len(data)))
    match draw(st.sampled_from(["set", "insert", "delete", "telling", "splice", "block"])):
        case "set" if at < len(data):
            data[at] = draw(st.integers(0, 255))
        case "insert":
            data[at:at] = draw(st.binary(max_size=20))
        case "delete":
            del data[at : at + draw(st.integers(1, 600))]
        case "telling":
            text = draw(st.sampled_from(_TELLING))
            data[at : at + len(text)] = text
        case "splice":
            data[at:] = draw(st.sampled_from(seeds))
        case "block":
            start = at // _BLOCK * _BLOCK
            data[start:start] = data[start : start + _BLOCK * draw(st.integers(1, 3))]


def _mend(data: bytearray) -> None:
    """Every block that looks like a header has a right checksum."""
    for start in range(0, len(data) - _BLOCK + 1, _BLOCK):
        if data[start + 257 : start + 262] == b"ustar":
            data[start + 148 : start + 156] = b" " * 8
            data[start + 148 : start + 156] = b"%06o\0 " % sum(data[start : start + _BLOCK])
