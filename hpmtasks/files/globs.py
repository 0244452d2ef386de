"""globs: sets of patterns for paths below one folder; of several patterns that fit, the last decides.

::

    src/main.hml     that file
    src, src/        a folder and everything in it (with the slash, only a folder)
    *  ?             anything but "/"; one character but "/"
    [a-z]  [!a-z]    one of these characters; none of these; never "/"
    {hml,json}       one or the other, and may hold "/"
    **               any number of folders; at the end, everything in them
    !src/tests       not that

A pattern starts at the folder. Names that begin with a dot are names like any others. What has a
meaning can be written in brackets to mean itself: ``[*]``.

All patterns of a set are followed at once, part by part, as the states of an automaton. So a walk
knows of each folder whether anything in it can fit, or all of it does; and no pattern costs more
than its parts times the parts of a path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby

from hpmtasks.files.glob_syntax import (
    ANY_FOLDERS,
    Glob,
    escape,
    expression_of,
    is_literal,
    parse_globs,
    part_fits,
)

__all__ = ["Glob", "GlobSet", "Place", "escape", "glob_set", "parse_globs"]

#: The places of a pattern of which a folder on the way fits: so does all that is in it.
_ALL = frozenset({-1})

_Places = frozenset[int]


class GlobSet:
    """Patterns, ready to be asked. Made once for the same patterns: :func:`glob_set`."""

    __slots__ = ("start",)

    def __init__(self, globs: Sequence[Glob], *, with_contents: bool = True) -> None:
        """Compile *globs*.

        Args:
            with_contents: Whether a pattern that a folder fits decides on everything in it, too.
        """
        #: What is known of the folder that the paths are relative to.
        self.start = _Automaton(tuple(globs), with_contents=with_contents).start

    def fits(self, path: str) -> bool:
        """Whether the file *path*, relative and with ``/``, is one that the patterns take."""
        *folders, name = path.split("/")
        at = self.start
        for folder in folders:
            inner = at.enter(folder)
            if inner is None:
                return False
            at = inner
        return at.decide(name, is_folder=False) is True


@lru_cache(maxsize=4096)
def glob_set(patterns: tuple[str, ...]) -> GlobSet:
    """The compiled *patterns*.

    Raises:
        ValueError: As :func:`parse_globs`.
    """
    return GlobSet(parse_globs(patterns))


# ---------------------------------------------------------------- the automaton


#: Whether a name fits, and whether it is then taken.
_Decider = tuple[Callable[[str], object], bool]


class Place:
    """What is known in one folder: how far each pattern has come that can still decide anything."""

    __slots__ = ("_automaton", "_deciders", "_entered", "_open", "literals")

    def __init__(self, automaton: _Automaton, open_globs: tuple[tuple[int, _Places], ...]) -> None:
        self._automaton = automaton
        self._open = open_globs
        self._entered: dict[str, Place | None] = {}
        self._deciders: dict[bool, tuple[_Decider, ...]] = {}
        #: The names, if there are no others, that anything in this folder can fit by.
        self.literals: frozenset[str] | None = automaton.literals(open_globs)

    @property
    def takes_all(self) -> bool:
        """Whether everything in the folder is taken."""
        return [(self._automaton.globs[which].takes, places) for which, places in self._open] == [
            (True, _ALL)
        ]

    def decide(self, name: str, *, is_folder: bool) -> bool | None:
        """Whether the entry *name* of the folder is taken or left out; ``None``: no pattern fits it."""
        deciders = self._deciders.get(is_folder)
        if deciders is None:
            made = tuple(self._automaton.deciders(self._open, is_folder=is_folder))
            deciders = self._deciders[is_folder] = made
        for fits, takes in deciders:
            if fits(name):
                return takes
        return None

    def enter(self, name: str) -> Place | None:
        """The same for the folder *name* in this one; ``None`` if nothing in it can be taken."""
        try:
            return self._entered[name]
        except KeyError:
            return self._entered.setdefault(name, self._automaton.enter(self._open, name))


class _Automaton:
    """The patterns, the last first, and the places that they lead to."""

    def __init__(self, globs: tuple[Glob, ...], *, with_contents: bool) -> None:
        self.globs = globs[::-1]
        self._with_contents = with_contents
        self._places: dict[tuple[tuple[int, _Places], ...], Place] = {}
        begin = [(which, self._closed(which, {0})) for which in range(len(self.globs))]
        self.start = self._place(begin) or Place(self, ())

    def _closed(self, which: int, places: set[int]) -> _Places:
        """*places*, and those reached where ``**`` stands for no folder."""
        parts = self.globs[which].parts
        closed = set(places)
        for place in places:
            after = place
            while after < len(parts) and parts[after] == ANY_FOLDERS:
                after += 1
                closed.add(after)
        if self._with_contents and len(parts) in closed:
            return _ALL
        closed.discard(len(parts))
        return frozenset(closed)

    def _place(self, open_globs: Sequence[tuple[int, _Places]]) -> Place | None:
        """The place of *open_globs*, without those that can decide nothing any more."""
        kept = []
        for which, places in open_globs:
            if places:
                kept.append((which, places))
            if places == _ALL:
                break
        if self._with_contents:
            # What is not taken is left out: at the end of the list patterns with "!" change nothing.
            while kept and not self.globs[kept[-1][0]].takes:
                kept.pop()
        if not kept:
            return None
        key = tuple(kept)
        found = self._places.get(key)
        return found if found is not None else self._places.setdefault(key, Place(self, key))

    def enter(self, open_globs: tuple[tuple[int, _Places], ...], name: str) -> Place | None:
        """The place in the folder *name* of the place of *open_globs*."""
        return self._place([(which, self._step(which, places, name)) for which, places in open_globs])

    def _step(self, which: int, places: _Places, name: str) -> _Places:
        if places == _ALL:
            return _ALL
        parts = self.globs[which].parts
        after = set()
        for place in places:
            if parts[place] == ANY_FOLDERS:
                after.add(place)
            elif part_fits(parts[place])(name):
                after.add(place + 1)
        return self._closed(which, after)

    def deciders(self, open_globs: tuple[tuple[int, _Places], ...], *, is_folder: bool) -> Iterator[_Decider]:
        """What decides on an entry, the first that fits it; neighbours that decide alike are asked as one."""
        for takes, neighbours in groupby(open_globs, lambda each: self.globs[each[0]].takes):
            lasts = [self._last_part(which, places, is_folder=is_folder) for which, places in neighbours]
            parts = {part for part in lasts if part is not None}
            if ANY_FOLDERS in parts:
                yield _anything, takes
                continue
            names = frozenset(filter(is_literal, parts))
            if names:
                yield names.__contains__, takes
            if parts - names:
                # Sorted, so that equal sets make equal expressions, which are compiled once.
                expressions = sorted(map(expression_of, parts - names))
                yield re.compile("|".join(expressions)).fullmatch, takes

    def _last_part(self, which: int, places: _Places, *, is_folder: bool) -> str | None:
        """What the last name on a path has to be, that came to *places*; ``None``: it cannot fit."""
        if places == _ALL:
            return ANY_FOLDERS
        glob = self.globs[which]
        last = len(glob.parts) - 1
        # A last "**" is what is *in* the folder, so that a file of the folder's own name does not fit.
        return glob.parts[last] if last in places and (is_folder or not glob.only_folders) else None

    def literals(self, open_globs: tuple[tuple[int, _Places], ...]) -> frozenset[str] | None:
        """The only names by which a path can go on, if they are spelled out in the patterns that take."""
        found = set()
        for which, places in open_globs:
            glob = self.globs[which]
            for place in places if glob.takes else ():
                if place < 0 or not is_literal(glob.parts[place]):
                    return None
                found.add(glob.parts[place])
        return frozenset(found)


def _anything(name: str) -> bool:
    del name
    return True
