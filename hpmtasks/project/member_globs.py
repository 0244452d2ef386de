"""member_globs: the ``workspaces`` of a package.json: which folders below it are members.

Each pattern is a path below the root; ``*`` and ``?`` stand for anything within one name, ``**`` for
any number of folders. A pattern that begins with ``!`` takes away what those before it gave: the
last one that fits decides. Names that begin with a dot have to be spelled out. Links are never
followed, so a walk ends.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TypeAlias

from hpmtasks.dataclass import dataclass

#: Never a member, and never looked into.
_SKIPPED = frozenset({".git", ".hpm", "hem_modules", "node_modules"})
_ANY_FOLDERS = "**"

#: How far into the names of a pattern a path may have come.
_Places: TypeAlias = frozenset[int]


@dataclass(frozen=True, slots=True)
class MemberGlob:
    """One pattern.

    Attributes:
        text: As it is written.
        names: Its parts, from the root downwards.
        is_exclusion: It takes folders away.
    """

    text: str
    names: tuple[str, ...]
    is_exclusion: bool

    @classmethod
    def parse(cls, text: str) -> MemberGlob:
        """The pattern that *text* spells.

        Raises:
            ValueError: It does not lead to folders below the root; the clause says so.
        """
        is_exclusion = text.startswith("!")
        path = text.removeprefix("!").replace("\\", "/")
        names = tuple(name for name in path.split("/") if name not in {"", "."})
        if path.startswith("/") or ".." in names or (names and ":" in names[0]):
            raise ValueError("leads out of the workspace")
        if not names or "\0" in text:
            raise ValueError("names no folder")
        return cls(text, names, is_exclusion)

    def start(self) -> _Places:
        """Where a path begins."""
        return self._with_skips({0})

    def step(self, places: _Places, name: str) -> _Places:
        """Where a path may be that was at *places*, one folder deeper."""
        reached = set()
        for place in places:
            if place == len(self.names):
                continue
            wanted = self.names[place]
            if wanted == _ANY_FOLDERS:
                if not name.startswith("."):
                    reached.add(place)
            elif fnmatchcase(name, wanted) and (not name.startswith(".") or wanted.startswith(".")):
                reached.add(place + 1)
        return self._with_skips(reached)

    def ends(self, places: _Places) -> bool:
        """Whether a path that is at *places* is one that the pattern means."""
        return len(self.names) in places

    def fits(self, path: str) -> bool:
        """Whether the pattern means *path*, ``packages/app``."""
        places = self.start()
        for name in path.split("/"):
            places = self.step(places, name)
        return self.ends(places)

    @property
    def is_deep(self) -> bool:
        """Whether it means folders of any depth, so that not each of them can be meant for a member."""
        return _ANY_FOLDERS in self.names

    def _with_skips(self, places: set[int]) -> _Places:
        """*places*, and those behind a ``**`` that stands for no folder at all."""
        for place in sorted(places):
            behind = place
            while behind < len(self.names) and self.names[behind] == _ANY_FOLDERS:
                behind += 1
                places.add(behind)
        return frozenset(places)


def includes(globs: Sequence[MemberGlob], path: str) -> bool:
    """Whether the folder *path* (``packages/app``) is one that *globs* mean; the last that fits decides."""
    if any(name.lower() in _SKIPPED for name in path.split("/")):
        return False
    fitting = next((glob for glob in reversed(globs) if glob.fits(path)), None)
    return fitting is not None and not fitting.is_exclusion


@dataclass(frozen=True, slots=True)
class Found:
    """What a walk found.

    Attributes:
        folders: Each folder that is meant, as a path with ``/``, sorted, and the pattern that decided.
        looked_at: The paths on which that depends: while nothing of them changes, it stays so.
    """

    folders: Mapping[str, MemberGlob]
    looked_at: tuple[str, ...]


def find_folders(globs: Sequence[MemberGlob], root: str) -> Found:
    """The folders below *root* that *globs* mean.

    A link to a folder counts where it stands, and is not looked into.

    Raises:
        OSError: A folder on the way cannot be read.
    """
    wanted = [glob for glob in globs if not glob.is_exclusion]
    # A stack of what is still to be looked into; the places are those of *wanted*, side by side.
    waiting = [("", [glob.start() for glob in wanted])]
    found: dict[str, MemberGlob] = {}
    looked_at: set[str] = set()
    while waiting:
        above, places = waiting.pop()
        looked_at.update(_looked_at(above, wanted, places))
        with os.scandir(f"{root}/{above}" if above else root) as entries:
            names = sorted(entry.name for entry in entries if entry.is_dir())
        for name in names:
            path = f"{above}/{name}" if above else name
            after = [glob.step(at, name) for glob, at in zip(wanted, places, strict=True)]
            if name.lower() in _SKIPPED or not any(after):
                continue
            deciding = next((glob for glob in reversed(globs) if glob.fits(path)), None)
            if deciding is not None and not deciding.is_exclusion:
                found[path] = deciding
            if not os.path.islink(f"{root}/{path}"):
                waiting.append((path, after))
    return Found(dict(sorted(found.items())), tuple(sorted(looked_at)))


def _looked_at(folder: str, globs: Sequence[MemberGlob], places: Sequence[_Places]) -> Iterator[str]:
    """What *globs* depend on that have come to *folder*: on all that is in it, or on certain names there."""
    inside = f"{folder}/" if folder else ""
    for glob, at in zip(globs, places, strict=True):
        for name in {glob.names[place] for place in at if place < len(glob.names)}:
            yield (folder or ".") if any(sign in name for sign in "*?[") else inside + name
