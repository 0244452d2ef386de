"""archives: honest ones, packed; and others, built block by block."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass

TOP = "lib-1.0.0"
END = bytes(1024)


@dataclass(frozen=True)
class File:
    """A file to pack."""

    content: bytes = b""
    executable: bool = False


@dataclass(frozen=True)
class Link:
    """A symbolic link to pack."""

    target: str


def pack(
    entries: Mapping[str, bytes | File | Link],
    *,
    top: str = TOP,
    comment: str = "",
    tar_format: int = tarfile.PAX_FORMAT,
) -> bytes:
    """An uncompressed archive of *entries* as forges make them, written by the standard library."""
    out = io.BytesIO()
    headers = {"comment": comment} if comment else {}
    with tarfile.open(fileobj=out, mode="w", format=tar_format, pax_headers=headers) as archive:
        folder = tarfile.TarInfo(top)
        folder.type, folder.mode = tarfile.DIRTYPE, 0o775
        archive.addfile(folder)
        for path, entry in entries.items():
            member = tarfile.TarInfo(f"{top}/{path}")
            if isinstance(entry, Link):
                member.type, member.linkname = tarfile.SYMTYPE, entry.target
                archive.addfile(member)
                continue
            file = entry if isinstance(entry, File) else File(entry)
            member.size, member.mode = len(file.content), 0o775 if file.executable else 0o664
            archive.addfile(member, io.BytesIO(file.content))
    return out.getvalue()


def pack_gzip(entries: Mapping[str, bytes | File | Link], *, top: str = TOP, comment: str = "") -> bytes:
    """:func:`pack`, compressed; equal entries give equal bytes."""
    return gzip.compress(pack(entries, top=top, comment=comment), mtime=0)


def header(
    name: str | bytes,
    kind: bytes = b"0",
    *,
    size: int | bytes = 0,
    mode: bytes = b"0000644\0",
    link: bytes = b"",
    magic: bytes = b"ustar\x0000",
    prefix: bytes = b"",
    checksum_off_by: int = 0,
) -> bytes:
    """One header block with a right checksum (unless told otherwise), whatever is in it."""
    raw = bytearray(512)
    name = name.encode() if isinstance(name, str) else name
    raw[0 : len(name)] = name
    raw[100:108] = mode
    raw[108:124] = b"0000000\x000000000\0"
    raw[124:136] = b"%011o\0" % size if isinstance(size, int) else size
    raw[136:148] = b"00000000000\0"
    raw[156:157] = kind
    raw[157 : 157 + len(link)] = link
    raw[257:265] = magic
    raw[345 : 345 + len(prefix)] = prefix
    raw[148:156] = b" " * 8
    raw[148:156] = b"%06o\0 " % (sum(raw) + checksum_off_by)
    return bytes(raw)


def padded(content: bytes) -> bytes:
    """*content* filled up to whole blocks."""
    return content + bytes(-len(content) % 512)


def member(name: str | bytes, content: bytes = b"", kind: bytes = b"0", **fields: object) -> bytes:
    """A header and its content."""
    fields.setdefault("size", len(content))
    return header(name, kind, **fields) + padded(content)  # type: ignore[arg-type] # each is checked by header


def pax(records: Mapping[str, str | bytes], kind: bytes = b"x") -> bytes:
    """A pax header with right lengths."""
    lines = b""
    for key, value in records.items():
        rest = b" " + key.encode() + b"=" + (value.encode() if isinstance(value, str) else value) + b"\n"
        length = len(rest)
        while len(str(length)) + len(rest) != length:
            length = len(str(length)) + len(rest)
        lines += str(length).encode() + rest
    return member("pax", lines, kind)
