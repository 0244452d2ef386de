"""identify: what was received is an archive, and not the page that some server sent in its stead."""

from __future__ import annotations

import zlib

from hpmtasks.store.header import BLOCK, bounded, read_header, read_pax
from hpmtasks.store.inflate import GZIP_MAGIC
from hpmtasks.store.refusal import Refused

#: So much of what was received is looked at,
BEGINNING = 16 * BLOCK
# and so much of what it holds: enough for a global header, in which a forge says the commit.
_DECOMPRESSED = 4 * BLOCK
_GLOBAL = ord("g")


def identify(beginning: bytes) -> str:
    """The comment of an archive that begins so: the commit, if ``git archive`` made it; empty if it has none.

    Args:
        beginning: The first :data:`BEGINNING` bytes, or all if they are fewer.

    Raises:
        Refused: It does not begin as a tar archive, compressed with gzip or not.
    """
    if beginning.startswith(GZIP_MAGIC):
        try:
            beginning = zlib.decompressobj(31).decompress(beginning, _DECOMPRESSED)
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
