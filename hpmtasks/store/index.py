"""index: what the store wrote down about what it holds. A record that cannot be read is no record."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from hpmtasks.files.atomic import write_new
from hpmtasks.files.boot import boot
from hpmtasks.files.failures import storage_failures
from hpmtasks.model.package import PackageName
from hpmtasks.store.entries import ArchiveEntry, TreeFile
from hpmtasks.store.layout import Layout, is_sha256, is_tree_digest
from hpmtasks.store.staging import put
from hpmtasks.store.tree import tree_digest

_SCHEMA = 1
_CHUNK = 1 << 16
_ENCODER = json.JSONEncoder(separators=(",", ":"))


def write_record(layout: Layout, entry: ArchiveEntry, tree: tuple[TreeFile, ...] = ()) -> None:
    """The record of *entry*'s package and commit says what *entry* says.

    Raises:
        StorageFailure: The file system refuses.
    """
    content = {
        "schema": _SCHEMA,
        "name": str(entry.name),
        "version": entry.version,
        "sha256": entry.sha256,
        "size": entry.size,
        "comment": entry.comment,
        "tree": entry.tree,
        "treeFiles": len(tree),
        "treeSize": sum(file.size for file in tree),
        "time": int(time.time()),
    }
    _write(layout, layout.record(entry.name, entry.commit), content)


def read_record(layout: Layout, name: PackageName, commit: str) -> ArchiveEntry | None:
    """The record of *name* at *commit*; ``None`` if there is none, or none that can be read."""
    content = _read_object(layout.record(name, commit))
    if content is None:
        return None
    sha256, size, tree = content.get("sha256"), content.get("size"), content.get("tree")
    if not is_sha256(sha256) or not isinstance(size, int) or not (tree == "" or is_tree_digest(tree)):
        return None
    return ArchiveEntry(
        name=name,
        commit=commit,
        sha256=str(sha256),
        size=size,
        path=layout.archive(str(sha256)),
        comment=str(content.get("comment", "")),
        tree=str(tree),
        version=str(content.get("version", "")),
    )


def size_in_record(path: Path) -> tuple[str, str, int] | None:
    """The package's name, version and bytes (archive and tree) by the record at *path*."""
    content = _read_object(path)
    if content is None:
        return None
    size, tree_size = content.get("size"), content.get("treeSize", 0)
    if not isinstance(size, int) or not isinstance(tree_size, int):
        return None
    return str(content.get("name", "")), str(content.get("version", "")), size + tree_size


def write_tree_index(layout: Layout, path: Path, files: tuple[TreeFile, ...]) -> None:
    """The index at *path* says that *files* were right in this boot.

    Raises:
        StorageFailure: The file system refuses.
    """
    _write(layout, path, _index(files))


def begin_tree_index(path: str, files: tuple[TreeFile, ...]) -> None:
    """As :func:`write_tree_index`, of a tree that nobody can find yet: *path* is new, and written in place.

    Raises:
        OSError: The file system refuses.
    """
    write_new(path, _encoded(_index(files)), durable=not boot())


def _index(files: tuple[TreeFile, ...]) -> dict[str, Any]:
    rows = [
        [file.path, int(file.executable), file.size, file.sha256, file.mtime_ns, file.inode] for file in files
    ]
    return {"schema": _SCHEMA, "boot": boot(), "files": rows}


def read_tree_index(path: Path, digest: str) -> tuple[tuple[TreeFile, ...], str] | None:
    """The files of the tree *digest* by the index at *path*, and the boot in which they were right.

    ``None`` if there is none, or one that does not add up to *digest*.
    """
    content = _read_object(path)
    rows = content.get("files") if content is not None else None
    if content is None or not isinstance(rows, list):
        return None
    try:
        files = tuple(map(_row, rows))
        adds_up = tree_digest(files) == digest
    except (TypeError, ValueError):
        return None
    return (files, str(content.get("boot", ""))) if adds_up else None


def _row(row: Any) -> TreeFile:
    """The file of one row.

    Raises:
        TypeError, ValueError: It is none.
    """
    path, executable, size, sha256, mtime_ns, inode = row
    if not (type(path) is type(sha256) is str and type(size) is type(mtime_ns) is type(inode) is int):
        raise TypeError
    return TreeFile(path, bool(executable), size, sha256, mtime_ns, inode)


def _write(layout: Layout, path: Path, content: dict[str, Any]) -> None:
    with storage_failures("write", path):
        put(layout, path, _encoded(content))


def _encoded(content: dict[str, Any]) -> bytes:
    return _ENCODER.encode(content).encode()


def _read_object(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(_bytes_of(path))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) and content.get("schema") == _SCHEMA else None


def _bytes_of(path: Path) -> bytes:
    # As few calls as can be: an installation reads some of them for each package.
    descriptor = os.open(path, os.O_RDONLY)
    try:
        content = b""
        while chunk := os.read(descriptor, _CHUNK):
            content += chunk
    finally:
        os.close(descriptor)
    return content
