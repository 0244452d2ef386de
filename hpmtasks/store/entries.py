"""entries: what the store has, as values."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from hpmtasks.dataclass import NamedTuple, dataclass
from hpmtasks.errors import IntegrityMismatch
from hpmtasks.model.package import PackageName


@dataclass(frozen=True, slots=True)
class ArchiveEntry:
    """An archive as it was received.

    Attributes:
        commit: The commit that it was asked for by.
        sha256: Of its bytes, 64 hex digits.
        size: Bytes.
        path: The file.
        comment: What its global header says; of a git archive, the commit. Empty if it says nothing.
        tree: The digest of the tree that it unpacks to; empty while nobody has unpacked it.
        version: What it was added as, for people; may be empty.
    """

    name: PackageName
    commit: str
    sha256: str
    size: int
    path: Path
    comment: str = ""
    tree: str = ""
    version: str = ""


class TreeFile(NamedTuple):
    """One file of a tree.

    Attributes:
        path: Relative, with ``/``.
        size: Bytes.
        sha256: Of its content, 64 hex digits.
        mtime_ns: Of the copy in the store, when its content was last known to be right; 0 elsewhere.
        inode: Of that copy, then; 0 elsewhere.
    """

    path: str
    executable: bool
    size: int
    sha256: str
    mtime_ns: int = 0
    inode: int = 0


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """The files of a package, unpacked.

    Attributes:
        digest: ``sha256-<hex>``, as the lock's ``tree``.
        files: Sorted by path, as bytes.
        path: The folder in the store that holds them; nothing in it may be written.
    """

    digest: str
    files: tuple[TreeFile, ...]
    path: Path


@dataclass(frozen=True, slots=True)
class CachedPackage:
    """A line of ``hpm cache list``.

    Attributes:
        commit: Empty for an archive that the first hpm left.
        version: Empty if it was never told.
        size: Bytes of the archive and of the unpacked files.
    """

    name: PackageName
    commit: str
    version: str
    size: int


class LinkMethod(StrEnum):
    """How a file of the store gets into a project."""

    HARD_LINK = "hard link"
    REFLINK = "reflink"
    COPY = "copy"


@dataclass(frozen=True, slots=True)
class Staging:
    """Where the files of a package are wanted, under a temporary name, and what they have to be for that.

    Attributes:
        folder: For the temporary name, on the file system where they belong.
        integrity, tree: What a lock promises of the archive and of what is in it; ``None`` if it does not.
    """

    folder: Path
    integrity: str | None = None
    tree: str | None = None

    def is_promised(self, sha256: str, tree: str) -> bool:
        """Whether a lock promises this archive, and this in it."""
        if self.tree is not None:
            return tree == self.tree
        return self.integrity in {None, f"sha256-{sha256}"}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A tree that was laid out, but for the name. Three plain values, so that one process can tell another.

    Attributes:
        path: The folder, under a temporary name; gone with the next sweep if the process ends that made it.
        tree: The digest of what is in it.
        method: How the files got there.
    """

    path: Path
    tree: str
    method: LinkMethod


@dataclass(frozen=True, slots=True)
class Intake:
    """What the store has of a package after :meth:`~hpmtasks.store.store.Store.take_in`.

    Attributes:
        manifest: The bytes of its package.json; ``None`` if it has none.
        prepared: Its files, laid out; ``None`` if that was not asked for, or has yet to be done.
    """

    archive: ArchiveEntry
    tree: TreeEntry
    manifest: bytes | None
    prepared: Prepared | None = None


class DamagedEntry(IntegrityMismatch):
    """What the store had is not what it stored; it is gone from the store, and may be fetched again.

    Attributes:
        is_missing: It was gone already: somebody emptied the store meanwhile, which is no damage.
    """

    kind = "damaged-entry"
    code = "HPM063"

    def __init__(self, package: str, *, expected: str, actual: str, is_missing: bool = False) -> None:
        self.is_missing = is_missing
        super().__init__(
            package,
            expected=expected,
            actual=actual,
            hint="The copy in the cache was damaged and has been removed. Run the command again to fetch it.",
        )
