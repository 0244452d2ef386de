"""inflate: the bytes of a tar archive out of the file it came in, and no more of them than bearable."""

from __future__ import annotations

import mmap
import os
import zlib
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from hpmtasks.files.atomic import write_all
from hpmtasks.files.leftovers import temporary_name
from hpmtasks.store.refusal import FREE_BYTES, MOST_BYTES, MOST_GZIP_MEMBERS, MOST_SWELLING, Refused

Buffer = bytes | mmap.mmap

GZIP_MAGIC = b"\x1f\x8b"
_RESERVED_FLAGS = 0xE0  # RFC 1952, 2.3.1.2
_GZIP = 31  # zlib's wbits: a gzip header and a checked trailer
_CHUNK = 1 << 18
# So much comes out at a time: all of nearly every package, which is then not put together from pieces.
_PIECE = 1 << 20
# An archive of more than this is spooled to a file without a name, so that memory stays bounded.
_MOST_IN_MEMORY = 16 << 20


def inflate(file: BinaryIO, spool: Path) -> Buffer:
    """The content of *file*, decompressed if it is gzip.

    Several gzip members in a row are one content (RFC 1952, 2.2). Zero bytes may follow the last, as tapes
    had them; anything else may not.

    Args:
        file: Open at its start.
        spool: A folder for a nameless temporary file, should the content be large.

    Raises:
        Refused: Damaged, cut short, or a bomb.
        OSError: The file system refuses.
    """
    out = _Spool(spool)
    first = file.read(_CHUNK)
    if first.startswith(GZIP_MAGIC):
        _gunzip(first, file, out)
    else:
        while first:
            out.add(first, consumed=out.size + len(first))
            first = file.read(_CHUNK)
    return out.content()


def _gunzip(chunk: bytes, file: BinaryIO, out: _Spool) -> None:
    consumed = len(chunk)
    members = 0
    if len(chunk) > 3 and chunk[3] & _RESERVED_FLAGS:  # which one library heeds and the other does not
        raise Refused("it is damaged")
    library = gunzip_library()
    decoder = library.decompressobj(_GZIP)
    while True:
        produced = _decompress(decoder, chunk)
        out.add(produced, consumed=consumed)
        if decoder.eof:
            members += 1
            if members > MOST_GZIP_MEMBERS:
                raise Refused("it is cut into too many compressed pieces")
            chunk = decoder.unused_data.lstrip(b"\0")
            while not chunk and (more := file.read(_CHUNK)):
                consumed += len(more)
                chunk = more.lstrip(b"\0")
            if not chunk:
                return
            if chunk[:1] != GZIP_MAGIC[:1]:
                raise Refused("it is damaged: something follows its end")
            decoder = library.decompressobj(_GZIP)
            continue
        chunk = decoder.unconsumed_tail
        if not chunk:
            chunk = file.read(_CHUNK)
            consumed += len(chunk)
            if not chunk and not produced:
                raise Refused("it is cut short")


@cache
def gunzip_library() -> Any:
    """ISA-L, which takes half the time, with the interface of zlib; zlib where that is not installed."""
    try:
        from isal import isal_zlib
    except ImportError:
        return zlib
    return isal_zlib


def _decompress(decoder: Any, chunk: bytes) -> bytes:
    try:
        produced: bytes = decoder.decompress(chunk, _PIECE)
    except (gunzip_library().error, EOFError):
        raise Refused("it is damaged") from None
    return produced


class _Spool:
    """What was decompressed so far: in memory while it is small, else in a file without a name."""

    def __init__(self, folder: Path) -> None:
        self.size = 0
        self._folder = folder
        self._pieces: list[bytes] = []
        self._in_memory = 0
        self._descriptor: int | None = None

    def __del__(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)

    def add(self, data: bytes, *, consumed: int) -> None:
        self.size += len(data)
        if self.size > MOST_BYTES:
            raise Refused(f"it holds more than {MOST_BYTES >> 20} MiB")
        if self.size > FREE_BYTES and self.size > MOST_SWELLING * consumed:
            raise Refused(f"it swells to more than {MOST_SWELLING} times its size")
        if data:
            self._pieces.append(data)
        self._in_memory += len(data)
        if self._in_memory > _MOST_IN_MEMORY:
            self._flush()

    def content(self) -> Buffer:
        if self._descriptor is None:
            return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._flush()
        return mmap.mmap(self._descriptor, self.size, access=mmap.ACCESS_READ)

    def _flush(self) -> None:
        if self._descriptor is None:
            name = self._folder / temporary_name()
            self._descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            os.unlink(name)
        for piece in self._pieces:
            write_all(self._descriptor, piece)
        self._pieces, self._in_memory = [], 0
