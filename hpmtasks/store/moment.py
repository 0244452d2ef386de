"""moment: when the commit of an archive was made, as the archive says; whoever made the commit could lie."""

from __future__ import annotations

import zlib
from contextlib import suppress
from pathlib import Path

from hpmtasks.store.header import BLOCK, bounded, read_header
from hpmtasks.store.inflate import GZIP_MAGIC
from hpmtasks.store.refusal import Refused

# Enough for a global header and the entry behind it.
_BEGINNING = 32 * BLOCK
_TIME = slice(136, 148)
_PAX = frozenset(b"gx")


def commit_time(path: Path) -> int | None:
    """Unix seconds of the first entry of the archive at *path*; git gives all of them the commit's time.

    ``None`` if it says nothing of the kind.
    """
    with suppress(OSError, Refused, zlib.error, ValueError):
        with path.open("rb") as file:
            beginning = file.read(_BEGINNING)
        if beginning.startswith(GZIP_MAGIC):
            beginning = zlib.decompressobj(31).decompress(beginning, _BEGINNING)
        at = 0
        while at + BLOCK <= len(beginning):
            block = beginning[at : at + BLOCK]
            header = read_header(block)
            if header.kind not in _PAX:
                return int(block[_TIME].strip(b"\0 "), 8) or None
            at += BLOCK + -(-bounded(header.size) // BLOCK) * BLOCK
    return None
