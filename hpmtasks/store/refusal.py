"""refusal: what no honest archive has, and how much of everything an honest one may have."""

from __future__ import annotations

#: Members of one archive, with the blocks that only describe the next one.
MOST_ENTRIES = 50_000
#: Folders, members or not: each costs a disk far more than a file.
MOST_FOLDERS = 5_000
#: Records in all its extended headers together. An honest member has one, or a handful.
MOST_RECORDS = 400_000
#: Parts of paths that are looked at to follow all its links.
MOST_LINK_PARTS = 1_000_000
#: Bytes of one archive when unpacked; also of one that is not compressed.
MOST_BYTES = 1 << 30
#: How far an archive may swell beyond the first :data:`FREE_BYTES`. Source text rarely reaches 20:1.
MOST_SWELLING = 200
FREE_BYTES = 50 << 20
#: Gzip members in one file (a parallel compressor writes one for every 64 KiB or more).
MOST_GZIP_MEMBERS = 20_000
#: Bytes of one extended header; a path is what they are for.
MOST_HEADER_BYTES = 1 << 20
#: Folders above a file, with the file.
DEEPEST = 40
#: Bytes of one part of a path, and of a whole path inside a package (what macOS can open).
LONGEST_PART = 255
LONGEST_PATH = 1000
#: Bytes of what a link says, as on Linux.
LONGEST_TARGET = 4095
#: Bytes of a package.json.
MOST_MANIFEST_BYTES = 1 << 20


class Refused(Exception):
    """An archive is not unpacked. Becomes :class:`~hpmtasks.errors.UnsafeArchive` where the package is known.

    Attributes:
        reason: A clause that goes after "The archive of X is not usable: ".
        member: The member's name; empty if it is not about one.
    """

    def __init__(self, reason: str, member: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.member = member
