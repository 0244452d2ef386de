"""compression: what a file in the place of an archive may be, and what gzip allows."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import zipfile
import zlib
from io import BytesIO

from tests.support.archives import END, TOP, header, padded
from tests.support.hostile.case import EVIL, Case, tar

_TAR = tar()
_GZIP = gzip.compress(_TAR, mtime=0)


def _with_fields(flags: int, fields: bytes) -> bytes:
    """The archive with optional fields of a gzip header (RFC 1952, 2.3)."""
    return _GZIP[:3] + bytes([flags]) + _GZIP[4:10] + fields + _GZIP[10:]


def _zip() -> bytes:
    into = BytesIO()
    with zipfile.ZipFile(into, "w") as file:
        file.writestr(f"../{EVIL}", "x")
    return into.getvalue()


def _fields_and_sum() -> bytes:
    head = _GZIP[:3] + bytes([0x0A]) + _GZIP[4:10] + b"name\0"
    return head + struct.pack("<H", zlib.crc32(head) & 0xFFFF) + _GZIP[10:]


_LOGIN = b"<!DOCTYPE html><html><title>Sign in</title>" + b"x" * 2000

NOT_AN_ARCHIVE = (
    Case("nothing", b"", "empty"),
    Case("one byte", b"\x1f", "cut short"),
    Case("half a magic", b"\x1f\x8b", "cut short"),
    Case("one block less a byte", bytes(511), "cut short"),
    Case("zeros", bytes(10_240), "not a tar"),
    Case("login page", _LOGIN, "sent a page"),
    Case("login page after blank lines", b"\r\n\r\n  " + _LOGIN, "sent a page"),
    Case("login page with a byte order mark", b"\xef\xbb\xbf" + _LOGIN, "not a tar"),
    Case("login page in gzip", gzip.compress(_LOGIN), "not a tar"),
    Case("refusal as JSON", b'{"message": "Not Found"}', "sent a page"),
    Case("refusal as text", b"404: Not Found", "cut short"),
    Case(
        "pointer of git-lfs",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 600,
        "not a tar",
    ),
    Case("bundle of git", b"# v2 git bundle\n" + b"0" * 600, "not a tar"),
    Case("zip", _zip() + bytes(600), "not a tar"),
    Case("bzip2", bz2.compress(_TAR) + bytes(600), "not a tar"),
    Case("xz", lzma.compress(_TAR) + bytes(600), "not a tar"),
    Case("zstd", b"\x28\xb5\x2f\xfd" + bytes(600), "not a tar"),
    Case("zlib without gzip", padded(zlib.compress(_TAR)), "not a tar"),
    Case("program", b"\x7fELF" + bytes(600), "not a tar"),
    Case("script", b"#!/bin/sh\nrm -rf /\n" + b"#" * 600, "not a tar"),
)

GZIP = (
    Case("gzip cut short", _GZIP[:-4], "cut short"),
    Case("gzip cut to its header", _GZIP[:10], "cut short"),
    Case("gzip without its trailer", _GZIP[:-8], "cut short"),
    Case("gzip with a wrong sum", _GZIP[:-8] + bytes(4) + _GZIP[-4:], "damaged"),
    Case("gzip with a wrong length", _GZIP[:-4] + b"\1\2\3\4", "damaged"),
    Case("gzip and garbage", _GZIP + b"garbage", "damaged"),
    Case("gzip and a page", _GZIP + _LOGIN, "damaged"),
    Case("gzip and a tar", _GZIP + _TAR, "damaged"),
    Case("gzip and zeros", _GZIP + bytes(1000), files={}),
    Case("gzip, zeros and garbage", _GZIP + bytes(1000) + b"x", "something follows its end"),
    Case("gzip, zeros and gzip", gzip.compress(tar(end=b"")) + bytes(99) + gzip.compress(END), files={}),
    Case("gzip in two members", gzip.compress(tar(end=b"")) + gzip.compress(END), files={}),
    Case("gzip of each byte", b"".join(gzip.compress(bytes([byte]), 1) for byte in _TAR), "cut short"),
    Case("second member has another archive", _GZIP + _GZIP, "after its end"),
    Case("second member cut short", _GZIP + _GZIP[:-9], "cut short"),
    Case("gzip in too many members", gzip.compress(b"", 1) * 20_001 + _GZIP, "cut short"),
    Case("gzip and too many empty members", _GZIP + gzip.compress(b"", 1) * 20_001, "pieces"),
    Case("gzip in gzip", gzip.compress(_GZIP), "cut short"),
    Case("gzip of nothing", gzip.compress(b""), "cut short"),
    Case("gzip with a name that leads elsewhere", _with_fields(0x08, f"../../{EVIL}\0".encode()), files={}),
    Case("gzip with an endless name", _with_fields(0x08, b"a" * 300_000 + b"\0"), "cut short"),
    Case("gzip with a name without an end", _GZIP[:3] + b"\x08" + _GZIP[4:10] + b"a" * 5000, "cut short"),
    Case("gzip with a comment", _with_fields(0x10, b"comment\0"), files={}),
    Case("gzip with extra fields", _with_fields(0x04, b"\x04\x00abcd"), files={}),
    Case("gzip with more extra fields than there are", _with_fields(0x04, b"\xff\xff"), "cut short"),
    Case("gzip with a sum of its header", _fields_and_sum(), files={}),
    Case("gzip with a wrong sum of its header", _with_fields(0x02, b"\0\0"), "damaged"),
    Case("gzip with reserved flags", _with_fields(0xE0, b""), "damaged"),
    Case("gzip of another method", _GZIP[:2] + b"\x07" + _GZIP[3:], "damaged"),
    Case("gzip not compressed", gzip.compress(_TAR, 0), files={}),
    Case("gzip with a block of no kind", _GZIP[:10] + b"\x07" + _GZIP[11:], "damaged"),
)

MANIFESTS = (
    Case("large manifest", tar(manifest=b" " * ((1 << 20) + 1)), "larger than"),
    Case("no manifest", header(f"{TOP}/a", size=1) + padded(b"1") + END, files={"a": b"1"}),
    Case("manifest is a folder", header(f"{TOP}/package.json", b"5") + END, files={}),
    Case(
        "files outside",
        tar(manifest=b'{"files": ["../..", "/etc/passwd", "~"], "main": "../../x"}'),
        files={},
    ),
    Case(
        "files without an end of patterns",
        tar(manifest=b'{"files": [' + b'"*a",' * 300 + b'"b"]}'),
        "patterns",
    ),
    Case("files of one endless pattern", tar(manifest=b'{"files": ["' + b"*a" * 5000 + b'"]}'), "characters"),
    Case("deep manifest", tar(manifest=b"[" * 100_000), files={}),
    Case("manifest with a huge number", tar(manifest=b'{"a": ' + b"9" * 100_000 + b"}"), files={}),
    Case("manifest not in UTF-8", tar(manifest=b"\xff\xfe{\0}\0"), files={}),
)

CASES = NOT_AN_ARCHIVE + GZIP + MANIFESTS
