"""extract: from an archive as it came to the files of a package; nothing else gets out of it.

Written for archives made by somebody who wants to harm. The standard library's extractor is
not used: its filters were bypassed time and again (CVE-2024-12718, CVE-2025-4517 and relatives),
and it takes four times as long.
"""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Self

from hpmtasks.errors import UnsafeArchive
from hpmtasks.files.atomic import write_all
from hpmtasks.model.contents import select
from hpmtasks.store.entries import TreeFile
from hpmtasks.store.inflate import Buffer, inflate
from hpmtasks.store.links import Forbidden, View, view
from hpmtasks.store.refusal import MOST_MANIFEST_BYTES, Refused
from hpmtasks.store.tar import Member, list_members

MANIFEST = "package.json"
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


@contextmanager
def refusals(package: str) -> Iterator[None]:
    """Inside, a :class:`Refused` becomes an :class:`UnsafeArchive` of *package*."""
    try:
        yield
    except Refused as error:
        raise UnsafeArchive(package, error.reason, error.member) from None


def open_archive(path: Path, spool: Path) -> Archive:
    """The archive in the file *path*; *spool* is a folder for temporary files.

    Raises:
        Refused: It is not usable.
        OSError: The file system refuses.
    """
    with path.open("rb", buffering=0) as file:
        return Archive(inflate(file, spool))


class Archive:
    """An archive that was read and found safe, with its links followed."""

    def __init__(self, data: Buffer) -> None:
        """Reads the archive *data*, which is not compressed (any more).

        Raises:
            Refused: It is not usable.
        """
        self._data = data
        listing = list_members(data)
        self.comment = listing.comment
        self._view = view(listing.members)

    def manifest(self) -> bytes | None:
        """The content of its package.json; ``None`` if it has none.

        Raises:
            Refused: It is a link that leads out, or larger than a manifest can be.
        """
        found = self._view.get(MANIFEST)
        if found is None:
            return None
        member = _usable(MANIFEST, found)
        if member.size > MOST_MANIFEST_BYTES:
            raise Refused(f"its package.json is larger than {MOST_MANIFEST_BYTES >> 20} MiB", MANIFEST)
        return self.read(member)

    def read(self, member: Member, most: int | None = None) -> bytes:
        """The content of *member*, or the first *most* bytes of it."""
        size = member.size if most is None else min(member.size, most)
        return self._data[member.start : member.start + size]

    def selected(self) -> View:
        """What the manifest's ``files`` select, whether or not it can be installed; sorted by path.

        Raises:
            Refused: The manifest is a link that leads out, or ``files`` has no end of patterns.
        """
        files, main = _packaging(self.manifest())
        try:
            paths = select(self._view, files, main)
        except ValueError as error:
            raise Refused(str(error), MANIFEST) from None
        return {path: self._view[path] for path in sorted(paths)}

    def package(self) -> list[tuple[str, Member]]:
        """The files that make up the package by its manifest's ``files``, with the paths they get; sorted.

        Raises:
            Refused: Two of them would be one file on some disks, or one is a link that leads out.
        """
        selected = self.selected()
        for path, other in collisions(selected):
            raise Refused(f"on some disks it would be the same file as {other!r}", path)
        return [(path, _usable(path, found)) for path, found in selected.items()]

    def write(self, folder: str | os.PathLike[str], *, durable: bool) -> tuple[TreeFile, ...]:
        """The package's files are in *folder*, which was empty: read-only, executable where they were.

        Args:
            durable: Wait until the disk has each.

        Raises:
            Refused: As :meth:`package`; nothing is written then.
            OSError: The file system refuses.
        """
        chosen = self.package()
        written: list[TreeFile] = []
        whole = memoryview(self._data)
        with _Folders(folder) as folders:
            current, inside = "", folders.open("")
            for path, (_, _, executable, start, size, _) in chosen:
                above, _, name = path.rpartition("/")
                if above != current:
                    current, inside = above, folders.open(above)
                content = whole[start : start + size]
                descriptor = os.open(name, _NEW_FILE, 0o555 if executable else 0o444, dir_fd=inside)
                try:
                    write_all(descriptor, content)
                    if durable:
                        os.fsync(descriptor)
                    status = os.fstat(descriptor)
                finally:
                    os.close(descriptor)
                digest = sha256(content).hexdigest()
                written.append(TreeFile(path, executable, size, digest, status.st_mtime_ns, status.st_ino))
        return tuple(written)


class _Folders:
    """New folders under one folder, each made and held open below its parent; never found by a path."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self._root = os.open(root, _FOLDER)
        self._way: list[tuple[str, int]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._leave(0)
        os.close(self._root)

    def open(self, folder: str) -> int:
        """The descriptor of *folder*; valid until the next call."""
        parts = folder.split("/") if folder else []
        same = 0
        while same < min(len(parts), len(self._way)) and self._way[same][0] == parts[same]:
            same += 1
        self._leave(same)
        for part in parts[same:]:
            self._enter(part)
        return self._way[-1][1] if self._way else self._root

    def _enter(self, part: str) -> None:
        above = self._way[-1][1] if self._way else self._root
        # Sorted paths come back to a folder after files of its parent ("a-b" sorts between "a" and "a/c").
        with suppress(FileExistsError):
            os.mkdir(part, dir_fd=above)
        self._way.append((part, os.open(part, _FOLDER, dir_fd=above)))

    def _leave(self, depth: int) -> None:
        while len(self._way) > depth:
            os.close(self._way.pop()[1])


def _usable(path: str, found: Member | Forbidden) -> Member:
    if isinstance(found, Forbidden):
        raise Refused(found.reason, path)
    return found


def _packaging(manifest: bytes | None) -> tuple[Sequence[str] | None, str | None]:
    """``files`` and ``main`` of a manifest. A bad manifest has neither: to complain of it is not our part."""
    try:
        content = json.loads(manifest.decode("utf-8-sig")) if manifest is not None else None
    except (ValueError, RecursionError):
        return None, None
    if not isinstance(content, dict):
        return None, None
    files, main = content.get("files"), content.get("main")
    chosen = [entry for entry in files if isinstance(entry, str)] if isinstance(files, list) else None
    return chosen, main if isinstance(main, str) else None


def _fold(path: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def collisions(paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Paths, or folders on them, that differ only by case or by Unicode's ways to write one letter."""
    spelled: dict[str, str] = {}
    for path in paths:
        place = path
        while place:
            key = place.lower() if place.isascii() else _fold(place)
            known = spelled.setdefault(key, place)
            if known != place:
                yield place, known
            if known is not place:
                break  # a folder that was there before, and so were those above it
            place = place.rpartition("/")[0]
