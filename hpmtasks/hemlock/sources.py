"""sources: the Hemlock sources of a folder, and the packages that they import."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping

from hpmtasks.dataclass import dataclass
from hpmtasks.hemlock.lookup import SUFFIX, package_import

MANIFEST = "package.json"
_NEVER = frozenset({"hem_modules", "node_modules"})
_WHOLE = "*"

#: What one file takes from packages: names by import path. ``*`` stands for all that is exported.
PackageImports = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Sources:
    """What a walk found; all paths are relative to where it began, with ``/``.

    Attributes:
        folders: Those that were looked into; the first is the empty path.
        files: The sources in them, sorted.
    """

    folders: tuple[str, ...]
    files: tuple[str, ...]


def find_sources(root: str, members: Collection[str] = ()) -> Sources:
    """The sources below *root* that belong to it.

    Not looked into are hidden folders, ``hem_modules``, links, and folders with a package.json of
    their own, which are other projects, unless they are *members* (relative paths).
    """
    folders, files = [], []
    pending = [""]
    while pending:
        prefix = pending.pop()
        try:
            with os.scandir(f"{root}/{prefix}") as found:
                entries = list(found)
        except OSError:
            continue
        if prefix and prefix not in members and any(entry.name == MANIFEST for entry in entries):
            continue
        folders.append(prefix)
        for entry in entries:
            path = f"{prefix}/{entry.name}" if prefix else entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in _NEVER and not entry.name.startswith("."):
                    pending.append(path)
            elif entry.name.endswith(SUFFIX) and entry.is_file(follow_symlinks=False):
                files.append(path)
    return Sources(tuple(sorted(folders)), tuple(sorted(files)))


def package_imports(data: bytes) -> dict[str, tuple[str, ...]]:
    """What the source *data* takes from packages."""
    if b"import" not in data and b"export" not in data:
        return {}
    from hpmtasks.hemlock.module import read_module
    from hpmtasks.hemlock.tokens import source_of

    taken: dict[str, set[str]] = {}
    for each in read_module(source_of(data)).imports:
        if package_import(each.path) is not None:
            names = {name for name, _ in each.names} or {_WHOLE}
            taken.setdefault(each.path, set()).update(names)
    return {path: tuple(sorted(names)) for path, names in sorted(taken.items())}
