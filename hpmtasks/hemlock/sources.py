"""sources: the Hemlock sources of a folder, and the packages that they import."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from hpmtasks.dataclass import dataclass
from hpmtasks.front.sources import walk
from hpmtasks.hemlock.lookup import package_import

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
    """The sources below *root* that belong to it or to its *members*, by the rules of :func:`.walk`."""
    folders, files, _ = walk(root, members)
    return Sources(tuple(folders), tuple(files))


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
