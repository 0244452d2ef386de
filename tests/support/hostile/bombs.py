"""bombs: small to send, endless to unpack. Each is made of few bytes too, so that making it costs little."""

from __future__ import annotations

import gzip
import random
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from tests.support.archives import END, TOP, header, member, padded, pax
from tests.support.hostile.case import Case, linked, tar

_MIB = 1 << 20
_ACCENT = "e\u0301"


def _compressed(pieces: Iterable[bytes], level: int = 1) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, 31)
    return b"".join(packer.compress(piece) for piece in pieces) + packer.flush()


def _repeated(first: bytes, piece: bytes, times: int) -> bytes:
    """One gzip member of *first* and *piece* so often; only the first *piece* is really compressed.

    Its sum is wrong, and nobody gets as far as to look at it.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    head = packer.compress(first) + packer.flush(zlib.Z_FULL_FLUSH)
    body = packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + body * times


def _zeros(size: int) -> bytes:
    return _repeated(header(f"{TOP}/a", size=min(size, 1 << 30)), bytes(_MIB), size // _MIB)


def _within_ratio() -> bytes:
    """Swells a hundredfold: as far as an archive may."""
    size = 192 * _MIB
    lump = random.Random(1).randbytes(2 * _MIB)  # noqa: S311 - so that it is always the same

    def pieces() -> Iterator[bytes]:
        yield header(f"{TOP}/package.json", size=2) + padded(b"{}")
        yield member(f"{TOP}/lump", lump)
        yield header(f"{TOP}/zeros", size=size)
        for _ in range(size // _MIB):
            yield bytes(_MIB)
        yield END

    return _compressed(pieces())


def _entries(count: int, make: Callable[[int], bytes]) -> bytes:
    return _compressed(
        [member(f"{TOP}/package.json", b"{}"), *(make(number) for number in range(count)), END]
    )


def _records() -> bytes:
    """Each member is described by tens of thousands of records."""
    records = b"".join(b"%d %06d=\n" % (11, number) for number in range(90_000))
    one = member("x", records, b"x")
    return _compressed(one + member(f"{TOP}/{number}") for number in range(48))


def _winding_links() -> bytes:
    """A row of links, each of which says much, and very many links to the first."""
    detour = "d/../" * 800
    row = [
        pax({"linkpath": f"{detour}l{number + 1}"}) + linked("a", f"{TOP}/l{number}") for number in range(30)
    ]
    many = [linked("l0", f"{TOP}/m{number}") for number in range(20_000)]
    return _compressed([tar(member(f"{TOP}/d/x"), member(f"{TOP}/l30"), *row, *many)])


def _patterns() -> bytes:
    """Patterns that look at everything, and much to look at."""
    manifest = b'{"files": [' + b",".join(b'"**/x/**/y/**/x/**/%d"' % number for number in range(250)) + b"]}"
    path = "x/y/" * 7
    files = (pax({"path": f"{TOP}/{number}/{path}z"}) + member("a") for number in range(320))
    return _compressed([tar(*files, manifest=manifest)])


def _folders(number: int) -> bytes:
    path = "/".join(f"{number:06d}-{depth:02d}-{'x' * 12}" for depth in range(38))
    return pax({"path": f"{TOP}/{path}/a"}) + member("a")


def _accents(number: int) -> bytes:
    return pax({"path": f"{TOP}/{number:05d}/{_ACCENT * 80}/{_ACCENT.upper() * 80}"}) + member("a")


def _accents_in_two(number: int) -> bytes:
    return pax({"path": f"{TOP}/{number:05d}/{_ACCENT * 80}"}) + member("a")


def _long_names(number: int) -> bytes:
    return pax({"path": f"{TOP}/" + f"{number:06d}" + "/" + "n" * 240}) + member("a")


CASES = tuple(
    Case(name, make, refusal, files, is_large=True)
    for name, make, refusal, files in (
        ("a gibibyte of zeros", partial(_zeros, 1 << 30), "swells", None),
        ("a hundred gibibytes of zeros", partial(_zeros, 100 << 30), "swells", None),
        ("a gibibyte of zeros in no file", partial(_repeated, END, bytes(_MIB), 1024), "not a tar", None),
        ("zeros without end behind the end", partial(_repeated, tar(), bytes(_MIB), 4096), "swells", None),
        ("gigabytes in many pieces", lambda: gzip.compress(bytes(_MIB)) * 4096, "not a tar", None),
        (
            "an archive, and gigabytes in many pieces",
            lambda: gzip.compress(tar()) + gzip.compress(bytes(_MIB)) * 4096,
            "swells",
            None,
        ),
        (
            "fifty thousand files and one",
            partial(_entries, 50_001, lambda n: header(f"{TOP}/{n}")),
            "entries",
            None,
        ),
        (
            "fifty thousand folders",
            partial(_entries, 50_001, lambda n: header(f"{TOP}/{n}", b"5")),
            "entries",
            None,
        ),
        ("thousands of deep ways", partial(_entries, 200, _folders), "folders", None),
        (
            "more descriptions than files",
            lambda: _entries(50_001, lambda n: pax({"a": "b"}, b"g")),
            "entries",
            None,
        ),
        ("millions of records", _records, "great length", None),
        ("winding links", _winding_links, "too far around", None),
        (
            "links by the ten thousand to one large file",
            lambda: _compressed(
                [tar(member(f"{TOP}/a", bytes(_MIB)), *(linked("a", f"{TOP}/l{n}") for n in range(40_000)))]
            ),
            "multiply",
            None,
        ),
        ("patterns without mercy", _patterns, "too much work", None),
        ("names that have to be folded", partial(_entries, 4000, _accents), "folders", None),
        ("very long names", partial(_entries, 4900, _long_names), "", None),
        ("swelling as far as it may", _within_ratio, "", None),
        ("a size that is only claimed", lambda: header(f"{TOP}/a", size=1 << 30) + END, "cut short", None),
        (
            "a mebibyte of digits",
            lambda: tar(member("x", b"9" * (_MIB - 1), b"x"), member("a")),
            "damaged",
            None,
        ),
    )
)
