"""collection: what the store does not need to keep goes away, beside installations that go on.

Installations share the store's mutex while they put something in or take something out, but not
while they wait for the network. Here it is taken alone, only for as long as names are changed:
what goes is renamed into the folder for temporary things, and removed when the mutex is free
again. What grows there belongs to others and stays while they live. So an installation never
meets half of something; what it stored earlier may be gone, which it notices and makes good.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from hpmtasks.dataclass import dataclass
from hpmtasks.files.failures import storage_failures
from hpmtasks.files.leftovers import PREFIX, sweep, temporary_beside
from hpmtasks.files.removal import remove_tree
from hpmtasks.files.shared_mutex import alone
from hpmtasks.model.package import PackageName
from hpmtasks.store.entries import ArchiveEntry, CachedPackage
from hpmtasks.store.inventory import (
    Record,
    archives,
    every_file,
    legacy_archives,
    legacy_package,
    records,
    trees,
)
from hpmtasks.store.layout import Layout
from hpmtasks.store.results.inventory import Kept, blobs_of, kept_blobs, kept_results


@dataclass(frozen=True, slots=True)
class Stored:
    """A package of the store, as :data:`Choose` is shown it.

    Attributes:
        used: When it was stored or last laid out, seconds since 1970.
        size: Bytes of its archive and its tree, others' share not deducted.
    """

    name: PackageName
    commit: str
    version: str
    used: float
    size: int


@dataclass(frozen=True, slots=True)
class StoredResult:
    """A result of a script, as :data:`Choose` is shown it.

    Attributes:
        action: What it is stored under.
        used: When it was stored or last of use, seconds since 1970; to the hour.
        size: Bytes of it and of what it consists of, others' share not deducted.
    """

    action: str
    used: float
    size: int


#: Of all packages and results, those that stay.
Choose = Callable[[Sequence[Stored | StoredResult]], Iterable[Stored | StoredResult]]


@dataclass(frozen=True, slots=True)
class Pruned:
    """What a collection took away.

    Attributes:
        packages: By name, then version.
        results: How many results of scripts.
        freed: Bytes of the files that are gone; those that projects still share are not counted.
    """

    packages: tuple[CachedPackage, ...]
    results: int
    freed: int


def clean(layout: Layout, on_wait: Callable[[], None]) -> int:
    """Nothing is cached; the result is how many bytes that freed.

    Strangers' files in the cache folder stay; links are removed, never followed.

    Raises:
        StorageFailure: The file system refuses; a part may be gone.
    """
    freed = 0
    if layout.root.is_symlink():
        remove_tree(layout.root)
    elif layout.root.is_dir():
        with alone(layout.mutex, on_wait):
            trash = [_set_aside(layout, path) for path in _all(layout)]
        freed += _removed(trash) + _swept(layout)
    return freed + _without_legacy(legacy_archives(layout))


def _all(layout: Layout) -> list[Path]:
    """Everything in the store but what grows, and the mutex."""
    with storage_failures("read", layout.root):
        found = [path for path in layout.root.iterdir() if path not in {layout.mutex, layout.temporary}]
        if layout.temporary.is_dir():
            found += [path for path in layout.temporary.iterdir() if not path.name.startswith(PREFIX)]
    return found


def prune(layout: Layout, choose: Choose, on_wait: Callable[[], None]) -> Pruned:
    """What *choose* does not keep is gone, and so is whatever belongs to no package and to no result.

    Raises:
        StorageFailure: The file system refuses; a part may be gone.
    """
    legacy = _legacy(layout)
    trash: list[Path] = []
    if layout.root.is_dir():
        with alone(layout.mutex, on_wait):
            found = list(records(layout))
            stored = {_as_stored(layout, each, each.entry): each for each in found if each.entry}
            every_result = list(kept_results(layout))
            results = _whole(layout, every_result)
            kept = set(choose([*stored, *legacy, *results]))
            staying = [each for it, each in stored.items() if it in kept]
            needed = {each.path for each in staying}
            victims = [each.path for each in found if each.path not in needed]
            victims += _unreferenced(layout, staying)
            if victims and layout.plans.is_dir():
                victims.append(layout.plans)  # who needs one of them makes it anew
            remaining = [each for it, each in results.items() if it in kept]
            victims += _superfluous(layout, every_result, remaining)
            trash = [_set_aside(layout, path) for path in victims]
            for path in victims:
                _without_empty_folders(path.parent, layout.root)
    else:
        stored, results, kept = {}, {}, set(choose(list(legacy)))
    freed = _removed(trash) + _swept(layout)
    freed += _without_legacy(path for it, path in legacy.items() if it not in kept)
    gone = [
        CachedPackage(it.name, it.commit, it.version, it.size) for it in (*stored, *legacy) if it not in kept
    ]
    packages = tuple(sorted(gone, key=lambda it: (it.name.key, it.version, it.commit)))
    return Pruned(packages, sum(it not in kept for it in results), freed)


def _whole(layout: Layout, results: Iterable[Kept]) -> dict[StoredResult, Kept]:
    """Those of *results* that can be read, and of which everything is there."""
    return {
        StoredResult(each.path.name, each.used, each.size): each
        for each in results
        if each.result is not None and all(map(os.path.lexists, blobs_of(layout, each.result)))
    }


def _superfluous(layout: Layout, results: Iterable[Kept], staying: Iterable[Kept]) -> list[Path]:
    """The *results* that are not *staying*, and the blobs that no staying one consists of."""
    needed: set[Path] = set()
    for each in staying:
        if each.result is not None:
            needed |= {each.path, *blobs_of(layout, each.result)}
    paths = (*(each.path for each in results), *kept_blobs(layout))
    return [path for path in paths if path not in needed]


def _as_stored(layout: Layout, record: Record, entry: ArchiveEntry) -> Stored:
    used = max(_mtime(record.path), _mtime(layout.tree(entry.tree)) if entry.tree else 0.0)
    return Stored(entry.name, entry.commit, entry.version, used, record.size)


def _legacy(layout: Layout) -> dict[Stored, Path]:
    found = {}
    for path in legacy_archives(layout):
        name, version = legacy_package(path)
        if name is not None:
            found[Stored(name, "", version, _mtime(path), os.lstat(path).st_size)] = path
    return found


def _unreferenced(layout: Layout, staying: Iterable[Record]) -> list[Path]:
    """The archives and trees that nothing *staying* consists of."""
    needed: set[Path] = set()
    for each in staying:
        if each.entry is not None:
            needed |= {each.entry.path, *([layout.tree(each.entry.tree)] if each.entry.tree else [])}
    return [path for path in (*archives(layout), *trees(layout)) if path not in needed]


def _set_aside(layout: Layout, path: Path) -> Path:
    """*path* is under a temporary name, which is the result; nobody finds it any more."""
    with storage_failures("remove", path):
        layout.temporary.mkdir(parents=True, exist_ok=True)
        aside = temporary_beside(layout.temporary / "any")
        with suppress(FileNotFoundError):  # it belonged to what went before
            os.rename(path, aside)
    return aside


def _without_empty_folders(folder: Path, root: Path) -> None:
    with suppress(OSError):  # something is in it
        while folder != root:
            folder.rmdir()
            folder = folder.parent


def _removed(trash: Iterable[Path]) -> int:
    """*trash* is gone; the bytes of what had no other name."""
    freed = 0
    for path in trash:
        with suppress(FileNotFoundError):
            found = [*every_file(path)] if path.is_dir() and not path.is_symlink() else [os.lstat(path)]
            freed += sum(status.st_size for status in found if status.st_nlink == 1)
        remove_tree(path)
    return freed


def _swept(layout: Layout) -> int:
    """What the dead left in the folder for temporary things is gone; how many bytes that was."""
    before = sum(status.st_size for status in every_file(layout.temporary))
    sweep(layout.temporary)
    return max(before - sum(status.st_size for status in every_file(layout.temporary)), 0)


def _without_legacy(paths: Iterable[Path]) -> int:
    freed = 0
    for path in list(paths):
        with suppress(FileNotFoundError):
            freed += os.lstat(path).st_size
        remove_tree(path)
        for folder in (path.parent, path.parent.parent):
            with suppress(OSError):  # something else is in it
                folder.rmdir()
    return freed


def _mtime(path: Path) -> float:
    try:
        return os.lstat(path).st_mtime
    except OSError:
        return 0.0
