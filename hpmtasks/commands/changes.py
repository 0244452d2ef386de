"""changes: what a run did to package.json, to the lock and to packages, told to people and as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from hpmtasks.dataclass import dataclass, field
from hpmtasks.model.lockfile import Lockfile
from hpmtasks.model.package import PackageId, PackageName
from hpmtasks.model.resolution import Resolution
from hpmtasks.project import MANIFEST
from hpmtasks.session import Change


@dataclass(frozen=True, slots=True)
class Edit:
    """A line that package.json is to have, or, without a constraint, to lose.

    In ``hpm.patches`` the name is that of a version, and the constraint the path of its patch.
    """

    name: PackageName | PackageId
    constraint: str | None
    section: str
    #: Which package.json, from the project's root.
    file: str = MANIFEST

    def __str__(self) -> str:
        if self.constraint is None:
            return f"  {self.file}: {self.section}: {self.name} removed"
        return f'  {self.file}: {self.section}: "{self.name}": "{self.constraint}"'

    def as_data(self) -> dict[str, str | None]:
        """As JSON has it; the file only if it is a member's."""
        of_member = {"file": self.file} if self.file != MANIFEST else {}
        return {"name": str(self.name), "constraint": self.constraint, "section": self.section, **of_member}


@dataclass(frozen=True, slots=True)
class Done:
    """What a run did; of a preview, what it would do.

    Attributes:
        edits: To package.json.
        locked: To the versions in package-lock.json, by name.
        changes: To the folders in ``hem_modules``, by name.
        resolution: What is locked now.
        requirers: The root and members that require each package themselves.
        wrote_lock: Whether package-lock.json has other bytes.
        seconds: How long it took.
        is_preview: Nothing was written.
    """

    edits: Sequence[Edit]
    locked: Sequence[Change]
    changes: Sequence[Change]
    resolution: Resolution
    requirers: Mapping[PackageName, Sequence[str]] = field(default_factory=dict)
    wrote_lock: bool = False
    seconds: float = 0.0
    is_preview: bool = False


def moves(before: Lockfile | None, after: Resolution) -> list[Change]:
    """How the locked versions differ between *before* and *after*, by name."""
    old = before.entries if before else {}
    new = after.by_name
    found = []
    for name in sorted({*old, *new}):
        was = str(old[name].version) if name in old else None
        now = str(new[name].version) if name in new else None
        if was != now:
            found.append(Change(new[name].name if name in new else name, was, now))
    return found


def in_order(changes: Iterable[Change]) -> list[Change]:
    """*changes* by name."""
    return sorted(changes, key=lambda change: change.name)


def told(change: Change, resolution: Resolution) -> str:
    """One line: ``+ acme/b@1.0.0 (dependency of acme/a)``; ``~`` for another version, ``-`` for gone."""
    if change.after is None:
        return f"  - {change.name}@{change.before}"
    if change.member is not None:
        return f"  {'~' if change.before else '+'} {change.name}@{change.after} ({change.member})"
    why = because(change.name, resolution)
    if change.before is None or change.before == change.after:
        return f"  + {change.name}@{change.after}{why}"
    return f"  ~ {change.name}: {change.before} → {change.after}{why}"


def because(name: PackageName, resolution: Resolution) -> str:
    """Which packages of *resolution* brought *name*, as it stands behind its version; empty if none did."""
    parents = dependents(name, resolution)
    return f" (dependency of {', '.join(parents)})" if parents else ""


def dependents(name: PackageName, resolution: Resolution) -> tuple[str, ...]:
    """The packages of *resolution* that require *name* themselves."""
    return resolution.dependents.get(name.key, ())


def summary(changes: Sequence[Change]) -> str:
    """``Installed 2 packages, removed 1 package``."""
    added = sum(1 for change in changes if change.after is not None and change.before is None)
    moved = sum(1 for change in changes if change.after is not None and change.before is not None)
    removed = sum(1 for change in changes if change.after is None)
    parts = [
        f"{verb} {counted(number)}"
        for verb, number in (("installed", added), ("updated", moved), ("removed", removed))
        if number
    ]
    return ", ".join(parts).capitalize()


def counted(number: int) -> str:
    """``1 package``, ``2 packages``."""
    return f"{number} package" if number == 1 else f"{number} packages"


def as_data(changes: Iterable[Change]) -> list[dict[str, str | None]]:
    """*changes* as JSON has them."""
    return [
        {
            "name": str(change.name),
            "before": change.before,
            "after": change.after,
            **({"member": change.member} if change.member is not None else {}),
        }
        for change in changes
    ]
