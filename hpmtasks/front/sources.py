"""sources: the project's own sources, where shims stand beside them: as they were, or the graph is asked.

Which sources are a project's own is told by :func:`walk` to the graph, too: ``hemlock.sources`` asks it.
Imports are those of ``stamp``, and the fingerprint.
"""

from __future__ import annotations

import os

from hpmtasks.front.linking import Unusable, write_new
from hpmtasks.front.standing import MODULES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    #: The folders that were looked into, the sources in them, each with its fingerprint, and the shims,
    #: each with what it holds; all paths are relative to the project's root.
    Recorded = tuple[Sequence[str], Sequence[tuple[str, str]], Sequence[tuple[str, bytes]]]

_SUFFIX, _MANIFEST = ".hml", "package.json"
_NEVER = frozenset({MODULES, "node_modules"})


def missing_shims(root: str, recorded: Recorded) -> list[tuple[str, bytes]]:
    """The shims of the project at *root* that are to be written: each, or none.

    Raises:
        Unusable: Its sources are not those that were *recorded*, or other shims stand beside them.
        OSError: They cannot be read.
    """
    import xxhash

    folders, sources, shims = recorded
    found, files, beside = walk(root)
    if found != sorted(folders) or files != [path for path, _ in sources]:
        raise Unusable
    for path, fingerprint in sources:
        with open(f"{root}/{path}", "rb") as file:
            if xxhash.xxh3_128_hexdigest(file.read()) != fingerprint:
                raise Unusable
    wanted = {f"{path.partition(f'/{MODULES}/')[0]}/{MODULES}" for path, _ in shims}
    if not beside:
        return list(shims)
    if set(beside) != wanted:
        raise Unusable
    require(root, shims)
    return []


def require(folder: str, shims: Sequence[tuple[str, bytes]]) -> None:
    """Below *folder* stand *shims*.

    Raises:
        Unusable: One of them does not.
    """
    if any(_content(f"{folder}/{path}") != content for path, content in shims):
        raise Unusable


def walk(root: str, members: Collection[str] = ()) -> tuple[list[str], list[str], list[str]]:
    """The folders of the project's sources, the sources, and each ``hem_modules`` beside them, sorted.

    Not looked into are hidden folders, ``hem_modules``, links, and folders with a package.json of their own,
    which are other projects, unless they are *members*. All paths are relative to *root*, with ``/``.
    """
    folders, files, beside = [], [], []
    pending = [""]
    while pending:
        prefix = pending.pop()
        try:
            with os.scandir(f"{root}/{prefix}") as scan:
                entries = list(scan)
        except OSError:
            continue
        if prefix and prefix not in members and any(entry.name == _MANIFEST for entry in entries):
            continue
        folders.append(prefix)
        for entry in entries:
            path = f"{prefix}/{entry.name}" if prefix else entry.name
            if entry.name == MODULES and prefix:
                beside.append(path)
            elif entry.is_dir(follow_symlinks=False):
                if entry.name not in _NEVER and not entry.name.startswith("."):
                    pending.append(path)
            elif entry.name.endswith(_SUFFIX) and entry.is_file(follow_symlinks=False):
                files.append(path)
    return sorted(folders), sorted(files), sorted(beside)


def put(root: str, shims: Sequence[tuple[str, bytes]]) -> None:
    """Below *root*, where none of them stands, stand *shims*; what marks a folder as hpm's came first."""
    for path, content in sorted(shims, key=lambda shim: not shim[0].endswith("/.gitignore")):
        os.makedirs(os.path.dirname(f"{root}/{path}"), exist_ok=True)
        write_new(f"{root}/{path}", content)


def _content(path: str) -> bytes | None:
    if os.path.islink(path):
        return None
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None
