"""copies: what a folder of this machine publishes, copied into hem_modules in the place of a package.

The interpreter loads no package through a link, so a linked folder, and a member of the
workspace that others require, stand there as real files, and are copied again when they change.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from hpmtasks.errors import InvalidManifest
from hpmtasks.files.atomic import replace_folder
from hpmtasks.files.failures import storage_failures
from hpmtasks.files.leftovers import temporary_beside
from hpmtasks.files.removal import remove_tree
from hpmtasks.front import stamp
from hpmtasks.model.manifest import NO_VERSION
from hpmtasks.model.package import PackageName
from hpmtasks.project.state import Installed, State
from hpmtasks.project.workspace import Member, Workspace
from hpmtasks.session.occupant import Occupant
from hpmtasks.session.session import Change, Session
from hpmtasks.store.folder import (
    MANIFEST,
    UnusableFolder,
    copy_files,
    digest_files,
    package_files,
    read_folder_manifest,
)
from hpmtasks.store.tree import digest_folder


def occupant_of(session: Session, name: PackageName, folder: Path) -> Occupant:
    """What should stand in the place of *name* while *folder* stands in for it: its files as they are now.

    Raises:
        InvalidManifest: It can no longer stand in for a package.
    """
    try:
        manifest = read_folder_manifest(folder)
        tree = digest_files(_files(session, name, folder))
    except UnusableFolder as error:
        raise _unusable(session, name, folder, error) from error
    return Occupant(name, manifest.version or NO_VERSION, tree)


def copy_in(session: Session, occupant: Occupant, folder: Path) -> str:
    """The place of *occupant* holds copies of the files that *folder* publishes; their tree digest.

    Raises:
        InvalidManifest: *folder* can no longer stand in for a package.
        StorageFailure: The copies cannot be made.
    """
    try:
        files = _files(session, occupant.name, folder)
    except UnusableFolder as error:
        raise _unusable(session, occupant.name, folder, error) from error
    return replace_contents(session, occupant, lambda staged: copy_files(files, staged))


def _files(session: Session, name: PackageName, folder: Path) -> dict[str, Path]:
    """The files of the package in *folder*; package.json as it will be, if all goes well."""
    files = package_files(folder, apart_from=session.project.root)
    own = session.workspace.by_name.get(name)
    if own is not None and own.folder == folder and own.path in session.documents.candidates:
        files[MANIFEST] = session.project.candidate_path(own.path)
    return files


def replace_contents(session: Session, occupant: Occupant, fill: Callable[[Path], None]) -> str:
    """The folder of *occupant* holds what *fill* put into the path that it was given; its tree digest.

    Raises:
        ForeignEntry: *fill* made something that no package holds; the old folder is still there.
    """
    before = session.modules.version_of(occupant.name)
    folder = session.modules.place_for(occupant.name)
    staged = temporary_beside(folder)
    try:
        with storage_failures("write", folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
            fill(staged)
            tree = digest_folder(staged)
        replace_folder(staged, folder)
    except BaseException:
        remove_tree(staged)
        raise
    session.modules.note(occupant, tree)
    own = session.workspace.by_name.get(occupant.name)
    path = own.path if own is not None and occupant.name not in session.links else None
    session.changes.append(Change(occupant.name, before, occupant.version, path))
    return tree


def refresh(session: Session, member: Member) -> tuple[PackageName, ...]:
    """hem_modules holds what the members that *member* requires consist of now; the result is what was old.

    For a run of scripts, while others may install: the mutex is held for as long as is copied, and
    what this session knew before it began stays as good or as old as it was. Called from any thread.
    A member that an installation left out is not brought in.

    Raises:
        InvalidManifest: A member cannot be copied as a package.
        StorageFailure: The copies cannot be made.
    """
    old = [name for name in _required(session.workspace, member) if _is_old(session, name)]
    if not old:
        return ()
    with session.copying, session.project.mutex:
        stamp.remove(str(session.project.root))
        state = State(session.project.state_path)
        present = Session(session.project, session.settings, state, session.options)
        copied = [name for name in old if _is_old(present, name)]
        for name in copied:
            folder = present.workspace.by_name[name].folder
            copy_in(present, occupant_of(present, name, folder), folder)
        state.save()
    for name in old:
        session.modules.adopt(name, state.packages.get(name.key))
    return tuple(copied)


def foresee(session: Session, member: Member) -> tuple[PackageName, ...]:
    """As :func:`refresh`, for who only wants to know: *session* takes old copies for what they would be.

    Nothing is written, and *session* must not be saved.

    Raises:
        InvalidManifest: A member cannot be copied as a package.
    """
    with session.copying:
        old = [name for name in _required(session.workspace, member) if _is_old(session, name)]
        for name in old:
            occupant = occupant_of(session, name, session.workspace.by_name[name].folder)
            found = os.lstat(session.project.package_folder(name))
            tree = occupant.tree or ""
            installed = Installed(str(name), str(occupant.version), tree, found.st_mtime_ns, found.st_ino)
            session.modules.adopt(name, installed)
    return tuple(old)


def _required(workspace: Workspace, member: Member) -> list[PackageName]:
    """The members that *member* requires, for development too, and those that they need to run, sorted."""
    found: set[PackageName] = set()
    waiting = [each.package for each in workspace.needs(member)]
    while waiting:
        name = waiting.pop()
        if name is not None and name not in found:
            found.add(name)
            requirements = workspace.by_name[name].manifest.requirements
            waiting += [each.name for each in requirements if each.name in workspace.by_name]
    return sorted(found)


def _is_old(session: Session, name: PackageName) -> bool:
    """Whether a copy of the member *name* is in hem_modules, and not what the member is now."""
    place, own = session.project.package_folder(name), session.workspace.by_name.get(name)
    if own is None or name in session.links or not os.path.isdir(place):
        return False
    standing = session.modules.standing(name)
    return standing is None or standing[1] != occupant_of(session, name, own.folder).tree


def _unusable(session: Session, name: PackageName, folder: Path, error: UnusableFolder) -> InvalidManifest:
    way_out = f"{name} is a member of this workspace, and others require it."
    if name in session.links:
        way_out = f"{name} is linked to that folder; 'hpm unlink {name}' puts the locked package back."
    return InvalidManifest(str(folder / MANIFEST), [f"{error}.", way_out])
