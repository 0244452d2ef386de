"""inventory: what is in the cache folder, and how much it is."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from hpmtasks.dataclass import dataclass
from hpmtasks.files.failures import storage_failures
from hpmtasks.model.package import PackageName
from hpmtasks.store.entries import ArchiveEntry, CachedPackage, TreeEntry
from hpmtasks.store.extract import MANIFEST
from hpmtasks.store.index import read_record, size_in_record
from hpmtasks.store.layout import Layout, is_commit, is_sha256

_LEGACY_SUFFIX = ".tar.gz"
# Stores of other versions of hpm lie beside this one, and what is in them is theirs.
_A_STORE = re.compile(r"v[0-9]+")


def manifest_of(tree: TreeEntry) -> bytes | None:
    """The bytes of the package.json in *tree*; ``None`` if it has none."""
    if not any(file.path == MANIFEST for file in tree.files):
        return None
    with storage_failures("read", tree.path / MANIFEST):
        return (tree.path / MANIFEST).read_bytes()


@dataclass(frozen=True, slots=True)
class Record:
    """What the store noted about a package at a commit.

    Attributes:
        path: The file.
        entry: What it says; ``None`` if it cannot be read.
        size: Bytes of the archive and the tree.
    """

    path: Path
    entry: ArchiveEntry | None
    size: int = 0


def records(layout: Layout) -> Iterator[Record]:
    """Every record, also those that cannot be read."""
    for owner in folders(layout.packages):
        for repo in folders(owner):
            for path in files_in(repo, ".json"):
                commit = path.name.removesuffix(".json")
                told = size_in_record(path)
                name = name_of(told[0]) if told else None
                entry = read_record(layout, name, commit) if name and is_commit(commit) else None
                yield Record(path, entry, told[2]) if told and entry else Record(path, None)


def list_packages(layout: Layout) -> list[CachedPackage]:
    """Every package that has a record, or an archive of the first hpm; by name, then version."""
    found = [
        CachedPackage(record.entry.name, record.entry.commit, record.entry.version, record.size)
        for record in records(layout)
        if record.entry
    ]
    for path in legacy_archives(layout):
        name, version = legacy_package(path)
        if name:
            found.append(CachedPackage(name, "", version, os.lstat(path).st_size))
    return sorted(found, key=lambda package: (package.name.key, package.version, package.commit))


def legacy_package(archive: Path) -> tuple[PackageName | None, str]:
    """Of an archive that the first hpm left: which package, and which version."""
    name = name_of(f"{archive.parent.parent.name}/{archive.parent.name}")
    return name, archive.name.removesuffix(_LEGACY_SUFFIX)


def size(layout: Layout) -> int:
    """Bytes of all files of the store and of the first hpm's archives."""
    ours = sum(status.st_size for status in every_file(layout.root))
    return ours + sum(os.lstat(path).st_size for path in legacy_archives(layout))


def archives(layout: Layout) -> Iterator[Path]:
    """Every archive, by its file."""
    for folder in folders(layout.archives):
        yield from (path for path in files_in(folder) if is_sha256(path.name))


def trees(layout: Layout) -> Iterator[Path]:
    """Every tree, by its folder."""
    for folder in folders(layout.trees):
        yield from (path for path in folders(folder) if is_sha256(path.name))


def legacy_archives(layout: Layout) -> Iterator[Path]:
    """The archives that the first hpm left."""
    for owner in folders(layout.cache):
        if not _A_STORE.fullmatch(owner.name):
            for repo in folders(owner):
                yield from files_in(repo, _LEGACY_SUFFIX)


def name_of(text: str) -> PackageName | None:
    """The package that is called *text*; ``None`` if none can be."""
    try:
        return PackageName.parse(text)
    except ValueError:
        return None


def folders(folder: Path) -> list[Path]:
    """The folders in *folder*, links to folders not among them."""
    return sorted(folder / entry.name for entry in _entries(folder) if entry.is_dir(follow_symlinks=False))


def files_in(folder: Path, suffix: str = "") -> list[Path]:
    """The files in *folder* whose names end with *suffix*, links not among them."""
    return sorted(
        folder / entry.name
        for entry in _entries(folder)
        if entry.name.endswith(suffix) and entry.is_file(follow_symlinks=False)
    )


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def every_file(folder: Path) -> Iterator[os.stat_result]:
    """What the system says of each file below *folder*; links are not followed."""
    pending = [] if stat.S_ISLNK(_mode(folder)) else [folder]
    while pending:
        for entry in _entries(pending.pop()):
            if entry.is_dir(follow_symlinks=False):
                pending.append(Path(entry.path))
            else:
                with suppress(OSError):
                    yield entry.stat(follow_symlinks=False)


def _mode(path: Path) -> int:
    try:
        return os.lstat(path).st_mode
    except OSError:
        return 0
