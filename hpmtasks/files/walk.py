"""walk: the files below a folder that a set of globs takes. No link is ever followed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress

from hpmtasks.dataclass import NamedTuple
from hpmtasks.files.failures import storage_failures
from hpmtasks.files.gitignore import GITIGNORE, Rules, enter, ignores, rules_in
from hpmtasks.files.globs import GlobSet, Place
from hpmtasks.files.sightings import Sightings

#: What is hpm's own or git's: never taken, never looked into, at any depth.
NEVER = frozenset({"hem_modules", ".hpm", ".git"})


class Found(NamedTuple):
    """A file, a link or something special; no folder.

    Attributes:
        path: Relative to where the walk began, with ``/``.
        stat: Its own, of a link that of the link.
    """

    path: str
    stat: os.stat_result

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return stat.S_ISREG(self.stat.st_mode)

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link."""
        return stat.S_ISLNK(self.stat.st_mode)


def walk(
    root: str,
    globs: GlobSet,
    *,
    but: GlobSet | None = None,
    heeding: str | None = None,
    seen: Sightings | None = None,
) -> list[Found]:
    """What *globs* take below *root*, sorted by path.

    Only folders are read in which something can be taken; where the globs spell a name out, not even those.
    What goes away during the walk is not found.

    Args:
        root: Where the paths begin.
        globs: What is taken.
        but: What is not, although *globs* take it.
        heeding: The folder, by its path, in which and below which ``.gitignore`` files count, with those
            above it up to *root*; ``None``: nowhere.
        seen: Told of everything on which the result depends.

    Raises:
        StorageFailure: A folder may not be read.
    """
    waiting = [_Folder("", globs.start, but.start if but else None, ())]
    found: list[Found] = []
    with storage_failures("read", root):
        while waiting:
            folder = waiting.pop()
            # Above the folder where they begin to count, rules are only gathered.
            is_heeded = heeding is not None and (not heeding or folder.prefix.startswith(f"{heeding}/"))
            rules = folder.rules if heeding is None else _with_own_rules(root, folder, seen)
            for entry in _entries(root, folder, seen):
                is_folder = entry.is_dir(follow_symlinks=False)
                if entry.name in NEVER or (is_heeded and ignores(rules, entry.name, is_folder=is_folder)):
                    continue
                if is_folder:
                    waiting += folder.enter(entry.name, rules)
                elif folder.takes(entry.name):
                    with suppress(FileNotFoundError):
                        status = entry.stat(follow_symlinks=False)
                        found.append(Found(folder.prefix + entry.name, status))
                        if seen is not None and folder.place.literals is None:
                            seen.saw(f"{root}/{folder.prefix}{entry.name}", status)
    return sorted(found)


class _Folder(NamedTuple):
    """A folder that is still to be read: its path, with a slash behind it, and what is known of it."""

    prefix: str
    place: Place
    but: Place | None
    rules: Rules

    def takes(self, name: str) -> bool:
        """Whether its entry *name*, which is no folder, is taken."""
        if not self.place.decide(name, is_folder=False):
            return False
        return self.but is None or not self.but.decide(name, is_folder=False)

    def enter(self, name: str, rules: Rules) -> Iterator[_Folder]:
        """Its folder *name*, if anything in that can be taken."""
        place = self.place.enter(name)
        but = self.but.enter(name) if self.but is not None else None
        if place is not None and not (but is not None and but.takes_all):
            yield _Folder(f"{self.prefix}{name}/", place, but, enter(rules, name))


class _Named:
    """An entry of a folder that was looked up by its name; as much of an ``os.DirEntry`` as is needed."""

    __slots__ = ("_status", "name")

    def __init__(self, name: str, status: os.stat_result) -> None:
        self.name = name
        self._status = status

    def is_dir(self, *, follow_symlinks: bool) -> bool:
        del follow_symlinks
        return stat.S_ISDIR(self._status.st_mode)

    def stat(self, *, follow_symlinks: bool) -> os.stat_result:
        del follow_symlinks
        return self._status


def _entries(root: str, folder: _Folder, seen: Sightings | None) -> Iterator[os.DirEntry[str] | _Named]:
    """The entries of *folder* that can matter; none if it has gone, or is a folder no more."""
    path = f"{root}/{folder.prefix}"
    if folder.place.literals is None:
        if seen is not None:
            seen.look(path.rstrip("/"))
        try:
            with os.scandir(path) as entries:
                yield from entries
        except (FileNotFoundError, NotADirectoryError):
            return
    for name in folder.place.literals or ():
        try:
            status = os.lstat(path + name)
        except (FileNotFoundError, NotADirectoryError):
            if seen is not None:
                seen.missed(path + name)
            continue
        if seen is not None:
            seen.met(path + name, status)
        yield _Named(name, status)


def _with_own_rules(root: str, folder: _Folder, seen: Sightings | None) -> Rules:
    """The rules of *folder*, those of its own ``.gitignore`` the last."""
    path = f"{root}/{folder.prefix}{GITIGNORE}"
    if seen is not None:
        seen.look(path)
    try:
        # A link may lead to what another machine has not; git does not follow it either.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return folder.rules
    with open(descriptor, encoding="utf-8", errors="surrogateescape", newline="") as file:
        return (*folder.rules, rules_in(file.read()))
