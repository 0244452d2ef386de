"""lock_merge: two package-lock.json that grew out of one, made one again, package by package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from hpmtasks.dataclass import dataclass, field, replace
from hpmtasks.model.lock_entry import LockEntry, Lockfile
from hpmtasks.model.package import PackageName

#: What the two sides have of a package; ``None`` if one has removed it.
Sides: TypeAlias = tuple[LockEntry | None, LockEntry | None]

_FACTS = ("integrity", "commit", "tree", "repository")


@dataclass(frozen=True, slots=True)
class Merge:
    """What came of it.

    Attributes:
        lockfile: The result.
        dropped: The packages on which the two differ. They are not in the result, so that
            the next installation chooses them anew.
    """

    lockfile: Lockfile
    dropped: Mapping[PackageName, Sides] = field(default_factory=dict)


def merge(base: Lockfile, ours: Lockfile, theirs: Lockfile) -> Merge:
    """The changes from *base* to *ours* and those to *theirs*, together (three-way merge).

    What only one side changed is taken from it; what both changed to the same is taken.
    """
    entries: dict[PackageName, LockEntry] = {}
    dropped: dict[PackageName, Sides] = {}
    for name in {**ours.entries, **theirs.entries}:
        before, mine, other = (side.entries.get(name) for side in (base, ours, theirs))
        if _same(mine, other) or _same(before, other):
            chosen = mine
        elif _same(before, mine):
            chosen = other
        elif mine is None or other is None or (chosen := _united(mine, other)) is None:
            dropped[name] = (mine, other)
            continue
        if chosen is not None:
            entries[name] = replace(chosen, dev=_dev(before, mine, other))
    extras = _merged_extras(base.extras, ours.extras, theirs.extras)
    return Merge(Lockfile(entries, hemlock=ours.hemlock, extras=extras), dropped)


def _same(one: LockEntry | None, other: LockEntry | None) -> bool:
    """Whether both lock the same, whoever needs it."""
    return _meaning(one) == _meaning(other)


def _meaning(entry: LockEntry | None) -> tuple[Any, ...] | None:
    if entry is None:
        return None
    # By text: versions that differ in build metadata only are equal, and not the same.
    facts = (getattr(entry, fact) for fact in _FACTS)
    return (str(entry.version), entry.resolved, dict(entry.dependencies), *facts)


def _united(mine: LockEntry, other: LockEntry) -> LockEntry | None:
    """The entry that knows what either knows of the same version; ``None`` if they contradict each other."""
    if str(mine.version) != str(other.version) or mine.dependencies != other.dependencies:
        return None
    facts: dict[str, Any] = {}
    for fact in _FACTS:
        known = {getattr(mine, fact), getattr(other, fact)} - {None}
        if len(known) > 1:
            return None
        facts[fact] = next(iter(known), None)
    return replace(mine, **facts)


def _dev(before: LockEntry | None, mine: LockEntry | None, other: LockEntry | None) -> bool:
    """Whether only development needs the package: as the side says that changed it, else as both agree."""
    said = {entry.dev for entry in (mine, other) if entry is not None}
    if len(said) == 1:
        return said.pop()
    return not before.dev if before is not None else False


def _merged_extras(
    base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any]
) -> dict[str, Any]:
    """Unknown members: those that only the other side changed are taken from it; else ours stay."""
    merged = dict(ours)
    absent = object()
    for key in {**base, **theirs}:
        before, mine, other = (side.get(key, absent) for side in (base, ours, theirs))
        if mine == before and other != before:
            if other is absent:
                merged.pop(key, None)
            else:
                merged[key] = other
    return merged
