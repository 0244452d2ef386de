"""compare: a package's folder against the files that it should have, one by one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from hpmtasks.dataclass import dataclass
from hpmtasks.store.entries import TreeFile
from hpmtasks.store.index import read_tree_index
from hpmtasks.store.layout import Layout, is_tree_digest, tree_index
from hpmtasks.store.tree import NESTED, sha256_of

Kind: TypeAlias = Literal["changed", "missing", "added"]
_EXECUTABLE = 0o100


@dataclass(frozen=True, slots=True)
class FileDifference:
    """One file that is not as it should be.

    Attributes:
        path: Below the package's folder, with ``/``.
        kind: What became of it.
    """

    path: str
    kind: Kind


def recorded_files(layout: Layout, digest: str) -> tuple[TreeFile, ...] | None:
    """The files of the tree *digest* as the store has them written down; ``None`` if it has not.

    Nothing of the store is checked or written.
    """
    if not is_tree_digest(digest):
        return None
    found = read_tree_index(tree_index(layout.tree(digest)), digest)
    return found[0] if found else None


def differences(folder: Path, files: Sequence[TreeFile]) -> list[FileDifference]:
    """How the contents of *folder*, all of them read, differ from *files*; sorted by path.

    A nested ``hem_modules`` does not count. A link or a special file is never what a package has.
    """
    expected = {file.path: file for file in files}
    found: list[FileDifference] = []
    seen: set[str] = set()
    for path, is_file in _walk(os.fspath(folder)):
        seen.add(path)
        wanted = expected.get(path)
        if wanted is None:
            found.append(FileDifference(path, "added"))
        elif not is_file or not _is(f"{folder}/{path}", wanted):
            found.append(FileDifference(path, "changed"))
    found += [FileDifference(path, "missing") for path in expected if path not in seen]
    return sorted(found, key=lambda difference: difference.path)


def _is(path: str, wanted: TreeFile) -> bool:
    try:
        status = os.lstat(path)
        executable = bool(status.st_mode & _EXECUTABLE)
        return (
            status.st_size == wanted.size
            and executable == wanted.executable
            and sha256_of(path) == wanted.sha256
        )
    except OSError:
        return False


def _walk(folder: str) -> Iterator[tuple[str, bool]]:
    """Everything below *folder* that is no folder, and whether it is a file."""
    pending = [""]
    while pending:
        prefix = pending.pop()
        try:
            entries = list(os.scandir(f"{folder}/{prefix}"))
        except OSError:
            continue
        for entry in entries:
            path = prefix + entry.name
            if not entry.is_dir(follow_symlinks=False):
                yield path, entry.is_file(follow_symlinks=False)
            elif entry.name != NESTED:
                pending.append(f"{path}/")
