"""findings: where package.json, package-lock.json and hem_modules are not of one mind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeAlias

from hpmtasks.dataclass import dataclass, field
from hpmtasks.model.lockfile import Lockfile, create_empty
from hpmtasks.model.package import PackageName
from hpmtasks.model.resolution import Resolution, ResolvedPackage, from_entry
from hpmtasks.session.copies import occupant_of
from hpmtasks.session.session import Session
from hpmtasks.store.compare import FileDifference, differences, recorded_files
from hpmtasks.store.tree import ForeignEntry, digest_folder

#: ``lock``: the lock does not answer package.json; the others are said of a package's folder.
#: ``extraneous``: hpm put it there, and it is not needed any more. ``foreign``: somebody else did.
#: ``unverified``: nobody has written down what should be in it.
Kind: TypeAlias = Literal["lock", "missing", "changed", "extraneous", "foreign", "unverified"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    Attributes:
        kind: What kind of thing.
        name: The package, if it is about its folder.
        message: A clause that says it.
        files: Which files differ, as far as that was looked at and is known.
    """

    kind: Kind
    name: PackageName | None
    message: str
    files: tuple[FileDifference, ...] = field(default=())


def examine(session: Session, *, content: bool) -> list[Finding]:
    """Everything that an installation would put right, and folders that nobody asked for.

    Nothing is written, and only the disk is asked. A folder is judged by its time and inode, and
    by what is in it only where those are not as they were left.

    Args:
        content: Read every file of every package, so that an edit inside a folder is found.
    """
    lockfile = session.documents.lockfile
    found = list(_of_lock(session, lockfile))
    if found and lockfile is None:
        return found  # what should be there is not known at all
    entries = (lockfile or create_empty()).entries
    locked = Resolution(tuple(from_entry(name, each, each.commit or "") for name, each in entries.items()))
    stand_ins = session.stand_ins(locked)
    wanted: set[str] = {name.key for name in stand_ins}
    for package in locked.packages:
        if session.lays_out(package):
            wanted.add(package.name.key)
            found += _of_folder(session, package, content=content)
    for name, folder in stand_ins.items():
        if name not in session.links:
            found += _of_member(session, name, folder, content=content)
    own = session.modules.installed()
    for name in _folders(session.project.modules):
        if name.key in wanted:
            continue
        if name in own:
            found.append(Finding("extraneous", name, f"{name} is there, and nothing asks for it"))
        else:
            found.append(Finding("foreign", name, f"{name} is there, and hpm did not put it there"))
    return found


def _of_lock(session: Session, lockfile: Lockfile | None) -> Iterator[Finding]:
    if lockfile is None:
        if session.documents.names():
            yield Finding("lock", None, "there is no package-lock.json")
        return
    for reason in session.documents.unanswered():
        yield Finding("lock", None, reason)


def _of_folder(session: Session, package: ResolvedPackage, *, content: bool) -> Iterator[Finding]:
    name = package.name
    folder = session.project.package_folder(name)
    if not os.path.lexists(folder):
        yield Finding("missing", name, f"{package.id} is not there")
        return
    occupant = session.modules.occupant_of(package)
    if occupant.tree is None:
        why = "its patch was not applied yet" if occupant.patch else "the lock does not say what is in it"
        yield Finding("unverified", name, f"{package.id} cannot be judged: {why}")
    elif not session.modules.holds(occupant) or (content and _digest(folder) != occupant.tree):
        files = recorded_files(session.store.layout, occupant.tree) if content else None
        differing = differences(folder, files) if files is not None else []
        yield Finding("changed", name, f"{package.id} was changed", tuple(differing))


def _of_member(session: Session, name: PackageName, folder: Path, *, content: bool) -> Iterator[Finding]:
    place, shown = session.project.package_folder(name), session.project.relative(folder)
    if not os.path.lexists(place):
        yield Finding("missing", name, f"{name} is not there, the member in {shown}")
        return
    occupant = occupant_of(session, name, folder)
    if not session.modules.holds(occupant) or (content and _digest(place) != occupant.tree):
        yield Finding("changed", name, f"{name} is not what the member in {shown} is now")


def _digest(folder: Path) -> str | None:
    try:
        return digest_folder(folder)
    except (OSError, ForeignEntry):
        return None


def _folders(modules: Path) -> list[PackageName]:
    """Every ``owner/repo`` in *modules*, whoever made it, sorted."""
    found = []
    for owner in _children(modules):
        for repo in _children(owner):
            try:
                found.append(PackageName.parse(f"{owner.name}/{repo.name}"))
            except ValueError:
                continue  # not a name that anything could be imported by: a leftover, a user's own
    return sorted(found)


def _children(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [Path(entry.path) for entry in entries if entry.is_dir()]
    except OSError:
        return []
