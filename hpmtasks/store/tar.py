"""tar: the members of an archive in memory, read strictly.

The formats are POSIX.1-2001 ("pax", with its "ustar" headers) and GNU's long names: what
``git archive``, forges and tar programs write. Where two readers could see two different
archives in the same bytes, the archive is refused; so what was checked is what is used.
"""

from __future__ import annotations

import re
from enum import Enum, auto

from hpmtasks.dataclass import NamedTuple, dataclass, field
from hpmtasks.store.header import BLOCK, CUT_SHORT, Header, bounded, read_header, read_pax, text
from hpmtasks.store.inflate import Buffer
from hpmtasks.store.refusal import (
    DEEPEST,
    LONGEST_PART,
    LONGEST_PATH,
    LONGEST_TARGET,
    MOST_ENTRIES,
    MOST_FOLDERS,
    MOST_RECORDS,
    Refused,
)

_ZEROS = bytes(BLOCK)
_CHUNK = 1 << 20
_OWNER_MAY_EXECUTE = 0o100

_BAD_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f\\]")
_DRIVE = re.compile(r"[A-Za-z]:")

_DESCRIPTIONS = frozenset(b"xgLK")  # members that only describe the next one, or all
_NEVER_IN_A_PACKAGE = {
    ord("1"): "it holds a hard link",
    ord("3"): "it holds a device",
    ord("4"): "it holds a device",
    ord("6"): "it holds a named pipe",
    ord("S"): "it holds a sparse file",
}


class Kind(Enum):
    """What a member is."""

    FILE = auto()
    FOLDER = auto()
    LINK = auto()


# By themselves: to look a member of an enumeration up takes Python 3.11 as long as to compare a path.
_FILE, _FOLDER, _LINK = Kind.FILE, Kind.FOLDER, Kind.LINK
_KINDS = {0: _FILE, ord("0"): _FILE, ord("2"): _LINK, ord("5"): _FOLDER}


class Member(NamedTuple):
    """One member, its path already checked.

    Attributes:
        path: Inside the archive's top folder; empty for the top folder itself.
        start: Where its content begins in the archive.
        target: Of a symbolic link, as written.
    """

    path: str
    kind: Kind
    executable: bool
    start: int
    size: int
    target: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What an archive holds.

    Attributes:
        members: In the archive's order.
        comment: Of the global header; ``git archive`` puts the commit there. Empty if there is none.
    """

    members: tuple[Member, ...]
    comment: str


def list_members(data: Buffer) -> Listing:
    """Every member of the archive *data*, named as inside its one top folder.

    Raises:
        Refused: Damaged, cut short or ambiguous; not one top folder; or with something in it that a
            package cannot have: hard links, devices, names that lead elsewhere.
    """
    members: list[Member] = []
    extended = _Extended()
    top = ""
    entries = offset = 0
    while (block := data[offset : offset + BLOCK]) != _ZEROS:
        entries += 1
        if entries > MOST_ENTRIES:
            raise Refused(f"it has more than {MOST_ENTRIES} entries")
        header = read_header(block)
        start = offset + BLOCK
        offset = start + (header.size + BLOCK - 1) // BLOCK * BLOCK
        if offset > len(data):
            raise Refused(CUT_SHORT)
        if header.kind in _DESCRIPTIONS:
            extended.take(header.kind, data[start : start + bounded(header.size)])
            continue
        if extended.is_pending:
            header = extended.applied_to(header)
        path, kind = _path(header)
        top = top or path.partition("/")[0]
        members.append(_member(_inside(top, path, kind), kind, header, start))
    if extended.is_pending:
        raise Refused(CUT_SHORT)
    _check_end(data, offset)
    if not members:
        raise Refused("it is empty")
    _check_places(members)
    return Listing(tuple(members), extended.comment)


@dataclass(slots=True)
class _Extended:
    """What extended headers said about the next member, and the comment about all."""

    comment: str = ""
    pax: dict[bytes, bytes] = field(default_factory=dict)
    gnu: dict[bytes, bytes] = field(default_factory=dict)
    is_pending: bool = False
    records: int = 0

    def applied_to(self, header: Header) -> Header:
        """*header* as it was described; the next one was not."""
        said = self.gnu | self.pax
        self.pax, self.gnu, self.is_pending = {}, {}, False
        name, target = said.get(b"path") or header.name, said.get(b"linkpath") or header.target
        if said.get(b"size") not in (None, b"%d" % header.size):
            raise Refused("a member has two sizes", text(name))
        return header._replace(name=name, target=target)

    def take(self, kind: int, data: bytes) -> None:
        if kind == ord("g"):
            about_all = self._read(data)
            if not about_all.keys().isdisjoint((b"path", b"linkpath", b"size")):
                raise Refused("a global header gives all members one name or size")
            self.comment = text(about_all.get(b"comment", b"")) or self.comment
            return
        if kind == ord("x"):
            if self.is_pending:
                raise Refused("a member is described twice")
            self.pax = self._read(data)
        else:
            key = b"path" if kind == ord("L") else b"linkpath"
            if self.pax or key in self.gnu:
                raise Refused("a member is described twice")
            self.gnu[key], _, rest = data.partition(b"\0")
            if rest.strip(b"\0"):
                raise Refused("an extended header is damaged")
        self.is_pending = True

    def _read(self, data: bytes) -> dict[bytes, bytes]:
        found = read_pax(data)
        self.records += len(found)
        if self.records > MOST_RECORDS:
            raise Refused("its members are described at too great length")
        return found


def _path(header: Header) -> tuple[str, Kind]:
    """The whole path of a member, checked, and what it is."""
    name = text(header.name)
    kind = _KINDS.get(header.kind)
    if kind is None:
        raise Refused(_NEVER_IN_A_PACKAGE.get(header.kind, "it holds something of an unknown kind"), name)
    path = name.rstrip("/") if kind is _FOLDER and name.strip("/") else name
    path = path.removeprefix("./")
    _check_path(path)
    return path, kind


def _inside(top: str, path: str, kind: Kind) -> str:
    """*path* as inside the folder *top*."""
    first, _, inner = path.partition("/")
    if first != top or (not inner and kind is not _FOLDER):
        raise Refused("it is not one folder", path)
    if inner[1:2] == ":" and _DRIVE.match(inner):
        raise Refused("a path names a drive", path)
    return inner


def _member(path: str, kind: Kind, header: Header, start: int) -> Member:
    if kind is not _FILE and header.size:
        raise Refused("a folder or link has content", path)
    target = _target(header.target, path) if kind is _LINK else ""
    return Member(path, kind, header.mode & _OWNER_MAY_EXECUTE != 0, start, header.size, target)


def _target(raw: bytes, name: str) -> str:
    if len(raw) > LONGEST_TARGET:
        raise Refused("a link says too much", name)
    return text(raw)


def _check_path(path: str) -> None:
    parts = path.split("/")
    problem = ""
    if ("\\" in path or not path.isprintable()) and _BAD_CHARACTER.search(path):
        problem = "a path holds a backslash or a control character"
    elif path.startswith("/"):
        problem = "a path is absolute"
    elif ".." in parts or "." in parts or "" in parts:
        problem = "a path has '..', '.' or an empty part"
    elif len(parts) > DEEPEST + 1:  # the top folder is not counted
        problem = f"a path is deeper than {DEEPEST} folders"
    elif (len(path) > LONGEST_PART or not path.isascii()) and _is_too_long(path, parts):
        problem = "a path is too long"
    elif path[1:2] == ":" and _DRIVE.match(path):
        problem = "a path names a drive"
    if problem:
        raise Refused(problem, path)


def _is_too_long(path: str, parts: list[str]) -> bool:
    return len(path.encode()) > LONGEST_PATH or max(len(part.encode()) for part in parts) > LONGEST_PART


def _check_end(data: Buffer, offset: int) -> None:
    """Two blocks of zeros end an archive; after them there is nothing but zeros."""
    if len(data) - offset < 2 * BLOCK:
        raise Refused(CUT_SHORT)
    for position in range(offset, len(data), _CHUNK):
        chunk = data[position : position + _CHUNK]
        if chunk.count(0) != len(chunk):
            raise Refused("there is something after its end")


def _check_places(members: list[Member]) -> None:
    """No path twice, and none that is a file or a link and also a folder."""
    taken: set[str] = set()
    folders = {""}
    for member in members:
        folder = member.path
        if member.kind is not _FOLDER:
            if folder in taken:
                raise Refused("a path is there twice", folder)
            taken.add(folder)
            folder = folder.rpartition("/")[0]
        if folder not in folders:
            _add_folders(folder, folders)
    if both := taken & folders:
        raise Refused("a path is a folder and also something else", min(both))


def _add_folders(folder: str, folders: set[str]) -> None:
    """*folder* and those above it are among *folders*."""
    while folder not in folders:
        folders.add(folder)
        folder = folder.rpartition("/")[0]
    if len(folders) > MOST_FOLDERS:
        raise Refused(f"it has more than {MOST_FOLDERS} folders")
