"""digests: the sha256 of files in a project, remembered with their stat, so that most need no reading.

A file is read again when its size, times or inode are others than they were, and also while it is
younger than what is remembered of it: such a file may have changed within one tick of the clock. All
of it stands in one file, ``.hpm/digests.json``, in columns, because that is read before every run.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import stat
import struct
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from hpmtasks.dataclass import NamedTuple, dataclass
from hpmtasks.files.atomic import write_atomically
from hpmtasks.files.fingerprint import TICK_NS
from hpmtasks.files.sealed import check_seal, seal
from hpmtasks.project import Project

_FORMAT = 1
_CHUNK = 1 << 20
_HASH_BYTES = 32
_NUMBERS = 5
# What is remembered of files that have gone is swept out when the table has become so much larger.
_SPARE = 1000


@dataclass(frozen=True, slots=True)
class FileDigest:
    """What counts of a file or of a link.

    Attributes:
        hash: The sha256 of its content, 64 hex digits; of a link, empty.
        size: Bytes of its content; of a link, 0.
        executable: Whether its owner may execute it.
        target: What a link says; ``None``: it is a file.
    """

    hash: str
    size: int
    executable: bool = False
    target: str | None = None

    def __str__(self) -> str:
        if self.target is not None:
            return f"-> {self.target}"
        return f"{self.hash}/{self.size}{' executable' if self.executable else ''}"


class _Known(NamedTuple):
    """The stat of a file, when it was looked at, and what was in it then."""

    size: int
    mtime_ns: int
    inode: int
    ctime_ns: int
    looked_at_ns: int
    hash: str


class FileDigests:
    """The digests of the files in one project. Any number of threads may ask.

    Args:
        root: The folder that paths are relative to.
        path: Where digests are remembered.

    Attributes:
        tools: Programs that were asked for their version: path to stat and answer.
        folders: For the tree digest of a package, what else was made of it, at some cost.
    """

    def __init__(self, root: Path, path: Path) -> None:
        self._root = os.fspath(root)
        self._path = path
        self._mutex = threading.Lock()
        self._is_changed = False
        document = _read(path)
        self.tools: dict[str, list[Any]] = document.get("tools", {})
        self.folders: dict[str, str] = document.get("folders", {})
        self._swept: int = document.get("swept", 0)
        self._known: dict[str, _Known] = _rows(document)

    @classmethod
    def of(cls, project: Project) -> Self:
        """Those of *project*."""
        return cls(project.root, project.state_folder / "digests.json")

    def __len__(self) -> int:
        return len(self._known)

    def digest(self, path: str, status: os.stat_result | None = None) -> FileDigest:
        """What counts of the file or the link *path*, relative and with ``/``.

        Args:
            path: The file.
            status: Its own stat, if somebody has looked already; of a link that of the link.

        Raises:
            OSError: It is not there, cannot be read, or is neither file nor link.
        """
        full = f"{self._root}/{path}"
        try:
            found = os.lstat(full) if status is None else status
            if stat.S_ISLNK(found.st_mode):
                return FileDigest("", 0, target=os.readlink(full))
            known = self._known.get(path)
            if known is None or not _holds(known, found):
                known, found = _look(full)
                self.keep(path, known)
        except OSError:
            self.forget(path)
            raise
        return FileDigest(known.hash, known.size, bool(found.st_mode & stat.S_IXUSR))

    def keep(self, path: str, known: _Known) -> None:
        """*known* is what is known of *path*."""
        with self._mutex:
            self._known[path] = known
            self._is_changed = True

    def forget(self, path: str) -> None:
        """Nothing is known of *path*."""
        with self._mutex:
            self._is_changed |= self._known.pop(path, None) is not None

    def keep_folder(self, tree: str, made: str) -> None:
        """*made* is what was made of the package with the digest *tree*."""
        with self._mutex:
            self.folders[tree] = made
            self._is_changed = True

    def keep_tool(self, path: str, answer: list[Any]) -> None:
        """The program at *path* answered so, with the stat that it had."""
        with self._mutex:
            self._is_changed |= self.tools.get(path) != answer
            self.tools[path] = answer

    def save(self) -> None:
        """What became known is remembered. A run in which nothing did writes nothing.

        Raises:
            StorageFailure: The file system refuses.
        """
        with self._mutex:
            if not self._is_changed:
                return
            if len(self._known) > 2 * self._swept + _SPARE:
                self._sweep()
            rows = sorted(self._known.items())
            document = {
                "format": _FORMAT,
                "swept": self._swept,
                "tools": self.tools,
                "folders": self.folders,
                "paths": [path for path, _ in rows],
                "hashes": _packed(b"".join(bytes.fromhex(known.hash) for _, known in rows)),
                "numbers": _packed(
                    struct.pack(
                        f"<{_NUMBERS * len(rows)}q", *(part for _, known in rows for part in known[:-1])
                    )
                ),
            }
            self._is_changed = False
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self._path, seal(json.dumps(document, separators=(",", ":"))), durable=False)

    def _sweep(self) -> None:
        self._known = {
            path: known for path, known in self._known.items() if os.path.lexists(f"{self._root}/{path}")
        }
        self._swept = len(self._known)


def _holds(known: _Known, found: os.stat_result) -> bool:
    """Whether a file with the stat *found* has the content that is *known*."""
    # Making and removing other names of a file changes its ctime, and not its content.
    is_changed_since = found.st_ctime_ns != known.ctime_ns and found.st_nlink == 1
    return (
        found.st_mtime_ns == known.mtime_ns
        and found.st_size == known.size
        and found.st_ino == known.inode
        and not is_changed_since
        and max(known.mtime_ns, known.ctime_ns) < known.looked_at_ns - TICK_NS
    )


def _look(path: str) -> tuple[_Known, os.stat_result]:
    """What is in the file at *path*, read; and its stat from before that."""
    looked_at_ns = time.time_ns()
    digest = hashlib.sha256()
    # A link that has taken its place is not followed, a pipe is not waited for.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(0, "it is neither a file nor a link", path)
        size = 0
        while chunk := os.read(descriptor, _CHUNK):
            digest.update(chunk)
            size += len(chunk)
    finally:
        os.close(descriptor)
    known = _Known(size, found.st_mtime_ns, found.st_ino, found.st_ctime_ns, looked_at_ns, digest.hexdigest())
    return known, found


# ---------------------------------------------------------------- the file


def _packed(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _read(path: Path) -> dict[str, Any]:
    """The document in *path*; empty if there is none, or none that this hpm understands."""
    with suppress(OSError, ValueError, RecursionError):
        document = json.loads(check_seal(path.read_bytes()))
        # What is sealed was written by hpm; only the form may be another.
        if document.get("format") == _FORMAT:
            return dict(document)
    return {}


def _rows(document: dict[str, Any]) -> dict[str, _Known]:
    if not document:
        return {}
    hashes = base64.b64decode(document["hashes"]).hex()
    numbers = base64.b64decode(document["numbers"])
    width = 2 * _HASH_BYTES
    rows = zip(document["paths"], struct.iter_unpack(f"<{_NUMBERS}q", numbers), strict=True)
    return {
        path: _Known(size, mtime_ns, inode, ctime_ns, looked_at_ns, hashes[at * width : (at + 1) * width])
        for at, (path, (size, mtime_ns, inode, ctime_ns, looked_at_ns)) in enumerate(rows)
    }
