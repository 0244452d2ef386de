"""lockfile: package-lock.json: which version of each package, and how to know it again.

Lockfiles are values: what changes one gives a new one. The format is version 1, shared
with the first hpm, and so are the names of these functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from hpmtasks.dataclass import replace
from hpmtasks.errors import InvalidLockfile
from hpmtasks.model.lock_entry import LOCK_VERSION, LockEntry, Lockfile
from hpmtasks.model.lock_format import UNKNOWN_INTEGRITY, parse_lockfile, render
from hpmtasks.model.manifest import NO_VERSION, Manifest, get_all_dependencies
from hpmtasks.model.package import PackageName
from hpmtasks.semver.constraint import parse_constraint
from hpmtasks.semver.version import Version

__all__ = [
    "LOCK_VERSION",
    "UNKNOWN_INTEGRITY",
    "LockEntry",
    "Lockfile",
    "create_empty",
    "create_entry",
    "disagreements",
    "get_locked",
    "needs_update",
    "overriding_constraints",
    "parse_lockfile",
    "prune",
    "reachable",
    "read_lockfile",
    "remove_locked",
    "render",
    "set_locked",
    "write_lockfile",
]


def create_empty() -> Lockfile:
    """A lockfile that locks nothing."""
    return Lockfile()


def read_lockfile(path: Path) -> Lockfile | None:
    """The lockfile in the file *path*; ``None`` if there is no such file.

    Raises:
        InvalidLockfile: It cannot be read, or :func:`parse_lockfile` refuses it.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InvalidLockfile(str(path), [f"package-lock.json cannot be read: {error.strerror}."]) from None
    return parse_lockfile(data, str(path))


def write_lockfile(path: Path, lockfile: Lockfile) -> None:
    """The file *path* holds *lockfile*; it is replaced atomically, if that changes a byte."""
    from hpmtasks.files.atomic import write_atomically

    data = render(lockfile)
    try:
        if path.read_bytes() == data:
            return
    except OSError:
        pass
    write_atomically(path, data, durable=True)


def create_entry(
    version: Version | str,
    resolved: str,
    integrity: str | None = None,
    dependencies: Mapping[str, str] | None = None,
) -> LockEntry:
    """An entry with what the first hpm knew; ``dataclasses.replace`` adds the rest.

    Raises:
        ValueError: The version, or the name of a dependency, is none.
    """
    return LockEntry(
        version if isinstance(version, Version) else Version.parse(version),
        resolved,
        integrity,
        dependencies={PackageName.parse(name): text for name, text in (dependencies or {}).items()},
    )


def get_locked(lockfile: Lockfile, name: PackageName) -> LockEntry | None:
    """The entry of *name*; ``None`` if it is not locked."""
    return lockfile.entries.get(name)


def set_locked(lockfile: Lockfile, name: PackageName, entry: LockEntry) -> Lockfile:
    """*lockfile* with *entry* for *name*, in place of any other."""
    kept = {other: old for other, old in lockfile.entries.items() if other != name}
    return replace(lockfile, entries={**kept, name: entry})


def remove_locked(lockfile: Lockfile, name: PackageName) -> Lockfile:
    """*lockfile* without *name*."""
    return prune(lockfile, [other for other in lockfile.entries if other != name])


def prune(lockfile: Lockfile, keep: Iterable[PackageName]) -> Lockfile:
    """*lockfile* with the entries of *keep* only."""
    kept = frozenset(keep)
    return replace(
        lockfile, entries={name: entry for name, entry in lockfile.entries.items() if name in kept}
    )


def reachable(lockfile: Lockfile, roots: Iterable[PackageName]) -> frozenset[PackageName]:
    """The locked packages among *roots*, and those that they need, and so on."""
    seen: set[PackageName] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        entry = lockfile.entries.get(name)
        if entry is not None and name not in seen:
            seen.add(name)
            waiting.extend(entry.dependencies)
    return frozenset(seen)


def needs_update(lockfile: Lockfile, manifest: Manifest, members: Sequence[Manifest] = ()) -> bool:
    """Whether *lockfile* is not an answer to *manifest*.

    It is one if it locks a version that suits every requirement of *manifest* and of each
    locked package, and nothing that none of them needs. A constraint in the ``overrides`` of
    *manifest* takes the place of every constraint on that name.

    Args:
        lockfile: The lock.
        manifest: package.json of the root.
        members: Those of the members of its workspace: they ask, too, and are never locked themselves.
    """
    return next(disagreements(lockfile, manifest, members), None) is not None


def disagreements(lockfile: Lockfile, manifest: Manifest, members: Sequence[Manifest] = ()) -> Iterator[str]:
    """One clause for each reason why *lockfile* is not an answer to *manifest*; see :func:`needs_update`."""
    for name, reason in lockfile.unusable.items():
        yield f"{name}: {reason}"
    overrides = overriding_constraints(manifest)
    own = _versions_of(members)
    asked = [("package.json", each.name, each.constraint.text) for each in get_all_dependencies(manifest)]
    for member in members:
        requirer = f"{member.name} (workspace member)"
        asked += [(requirer, each.name, each.constraint.text) for each in get_all_dependencies(member)]
    needed = reachable(lockfile, [name for _, name, _ in asked if name not in own]) - own.keys()
    for parent in sorted(needed):
        dependencies = lockfile.entries[parent].dependencies
        asked += [(str(parent), name, text) for name, text in dependencies.items()]
    suits: dict[tuple[PackageName, str], bool] = {}
    for requirer, name, text in asked:
        constraint = overrides.get(name, text)
        locked = lockfile.entries.get(name)
        if (name, constraint) not in suits:
            version = own.get(name) or (locked.version if locked else None)
            is_any = name in own and constraint.strip() in {"", "*"}
            suits[name, constraint] = is_any or _suits(version, constraint)
        if not suits[name, constraint]:
            has = f"{locked.version} is locked" if locked else "it is not locked"
            if name in own:
                has = f"it is a member of this workspace, at version {own[name]}"
            by = "overrides" if name in overrides else requirer
            yield f"{name}: {by} asks for {constraint or '*'}, and {has}"
    for unneeded in sorted(lockfile.entries.keys() - needed):
        why = "it is a member of this workspace" if unneeded in own else "nothing asks for it"
        yield f"{unneeded}: it is locked, and {why}"


def _versions_of(members: Sequence[Manifest]) -> dict[PackageName, Version]:
    return {
        PackageName.parse(member.name): Version.parse(member.version or NO_VERSION)
        for member in members
        if member.name is not None
    }


def _suits(version: Version | None, constraint: str) -> bool:
    if version is None:
        return False
    try:
        return parse_constraint(constraint).allows(version)
    except ValueError:
        # The first hpm took any text for a constraint; what it locked under one is chosen anew.
        return False


def overriding_constraints(manifest: Manifest) -> dict[PackageName, str]:
    """The constraints in the ``overrides`` of *manifest* that hold for whoever asks, by package."""
    found = {}
    for key, constraint in manifest.overrides.items():
        if isinstance(constraint, str):
            try:
                found[PackageName.parse(key)] = constraint
            except ValueError:
                continue
    return found
