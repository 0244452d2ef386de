"""cache: whether the store can be used, how files get out of it, and whether it is whole."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from hpmtasks.errors import IntegrityMismatch, StorageFailure
from hpmtasks.files.leftovers import temporary_beside
from hpmtasks.session.diagnosis.finding import Finding, warning
from hpmtasks.store.inventory import archives, records, trees
from hpmtasks.store.store import Store

_LITTLE_SPACE = 500 * 10**6


def look(cache: Path, project: Path | None, *, deep: bool) -> Iterator[Finding]:
    """The folder *cache*; with a *project*, how packages get there; what is stored.

    Args:
        deep: Read all of it.

    Raises:
        OSError: The folder cannot be used.
    """
    place = _nearest(cache)
    if not place.is_dir():
        yield _broken(f"{place} is not a folder", "Move it away, or set HPM_CACHE_DIR.")
        return
    probe = temporary_beside(place / "any")
    try:
        probe.write_bytes(b"probe")
    except OSError as error:
        yield _broken(f"{place} cannot be written: {error.strerror}", "Make it yours, or set HPM_CACHE_DIR.")
        return
    try:
        yield _folder(cache, place)
        yield _locks(probe)
        if project is not None:
            yield _links(probe, project)
    finally:
        with suppress(OSError):
            probe.unlink()
    yield from _contents(Store(cache), deep=deep)


def _broken(told: str, remedy: str) -> Finding:
    return Finding("cache", told, "broken", remedy, StorageFailure.exit_code)


def _nearest(folder: Path) -> Path:
    """*folder*, or the nearest one above it that is there."""
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    return folder


def _folder(cache: Path, place: Path) -> Finding:
    free = shutil.disk_usage(place).free
    told = f"{cache} can be written" if cache == place else f"{cache} can be made"
    told += f", {free / 10**9:.1f} GB are free"
    if free < _LITTLE_SPACE:
        return warning("cache", told, "Free some space: 'hpm cache prune --older 30d', or elsewhere.")
    return Finding("cache", told)


def _locks(probe: Path) -> Finding:
    with probe.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            remedy = "Run hpm once at a time there, or move the cache to a local disk (HPM_CACHE_DIR)."
            return warning("locks", f"not by this file system ({error.strerror})", remedy)
    return Finding("locks", "work between processes")


def _links(probe: Path, project: Path) -> Finding:
    target = temporary_beside(project / "any")
    try:
        os.link(probe, target)
    except OSError as error:
        reason = "another file system" if error.errno == errno.EXDEV else error.strerror
        remedy = "To save space and time, put the cache on the disk of the projects (HPM_CACHE_DIR)."
        return warning("links", f"packages are copied, not linked, into {project} ({reason})", remedy)
    finally:
        with suppress(OSError):
            target.unlink()
    return Finding("links", "packages are hard-linked from the cache, and take no space of their own")


def _contents(store: Store, *, deep: bool) -> Iterator[Finding]:
    found = list(records(store.layout))
    unreadable = sum(1 for record in found if record.entry is None)
    packages, trees_there = len(found) - unreadable, sum(1 for _ in trees(store.layout))
    told = f"{packages} packages, {sum(1 for _ in archives(store.layout))} archives, {trees_there} unpacked"
    if unreadable:
        remedy = "'hpm cache verify --fix' removes them."
        yield warning("store", f"{told}; {unreadable} records cannot be read", remedy)
    elif not deep:
        yield Finding("store", told)
    if not deep:
        return
    damaged = store.verify()
    if damaged:
        names = ", ".join(sorted({name for each in damaged for name in each.packages})[:5])
        remedy = "'hpm cache verify --fix' removes what is damaged; it is fetched again when it is needed."
        told = f"{len(damaged)} damaged" + (f" ({names})" if names else "")
        yield Finding("store", told, "broken", remedy, IntegrityMismatch.exit_code)
    elif not unreadable:
        yield Finding("store", f"{told}; all is as it was stored")
