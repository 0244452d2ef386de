"""identify: a received file is an archive, and not the page that some server sent in its stead."""

from __future__ import annotations

import zlib
from pathlib import Path

from hpmtasks.store.header import BLOCK, bounded, read_header, read_pax
from hpmtasks.store.inflate import GZIP_MAGIC
from hpmtasks.store.refusal import Refused

# Enough for a global header; a forge's says the commit, in one block.
_BEGINNING = 16 * BLOCK
_GLOBAL = ord("g")


def identify(path: Path) -> str:
    """The comment of the archive at *path*: the commit, if ``git archive`` made it; empty if there is none.

    Looks at the beginning only.

    Raises:
        Refused: It does not begin as a tar archive, compressed with gzip or not.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        beginning = file.read(_BEGINNING)
    if beginning.startswith(GZIP_MAGIC):
        try:
            beginning = zlib.decompressobj(31).decompress(beginning, _BEGINNING)
        except zlib.error as error:
            raise Refused(f"it is damaged ({error})") from None
    elif not beginning:
        raise Refused("it is empty")
    elif beginning.lstrip()[:1] in (b"<", b"{"):
        raise Refused("the server sent a page instead of an archive")
    header = read_header(beginning[:BLOCK])
    if header.kind != _GLOBAL or BLOCK + bounded(header.size) > len(beginning):
        return ""
    return read_pax(beginning[BLOCK : BLOCK + header.size]).get(b"comment", b"").decode("utf-8", "replace")
