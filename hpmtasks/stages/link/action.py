"""action: copy a linked folder into hem_modules."""

from __future__ import annotations

from pathlib import Path

from hpmtasks.errors import InvalidManifest
from hpmtasks.model.manifest import NO_VERSION, Manifest
from hpmtasks.model.package import PackageName
from hpmtasks.session import Session
from hpmtasks.session.occupant import Occupant
from hpmtasks.stages.extract.action import replace_contents
from hpmtasks.stages.link.record import LinkRecord
from hpmtasks.store.folder import (
    MANIFEST,
    UnusableFolder,
    copy_files,
    digest_files,
    package_files,
    read_folder_manifest,
)


def occupant_of(session: Session, name: PackageName, folder: Path) -> Occupant:
    """What should stand in the folder of *name* while *folder* is linked: its files as they are now.

    Raises:
        InvalidManifest: It can no longer stand in for a package.
    """
    try:
        manifest = read_folder_manifest(folder)
        tree = digest_files(package_files(folder, apart_from=session.project.root))
    except UnusableFolder as error:
        raise _unusable(session, name, folder, error) from error
    return Occupant(name, manifest.version or NO_VERSION, tree)


def link(session: Session, name: PackageName, folder: Path) -> LinkRecord:
    """``hem_modules/<owner>/<repo>`` of *name* holds copies of the files that *folder* publishes.

    Raises:
        InvalidManifest: *folder* can no longer stand in for a package.
        StorageFailure: The copies cannot be made.
    """
    occupant = occupant_of(session, name, folder)
    if occupant.tree is not None and session.modules.holds(occupant):
        return LinkRecord(str(folder), occupant.tree)
    try:
        files = package_files(folder, apart_from=session.project.root)
        tree = replace_contents(session, occupant, lambda staged: copy_files(files, staged))
        if name in session.links:  # what members require is installed
            session.warnings += missing_requirements(session, name, read_folder_manifest(folder))
    except UnusableFolder as error:
        raise _unusable(session, name, folder, error) from error
    return LinkRecord(str(folder), tree)


def missing_requirements(session: Session, name: PackageName, manifest: Manifest) -> list[str]:
    """A sentence for each requirement of the linked *name* that nothing installed satisfies."""
    chosen = session.resolution.by_name if session.resolution else {}
    told = []
    for requirement in manifest.requirements:
        package = chosen.get(requirement.name)
        if requirement.name in session.links or requirement.name in session.workspace.by_name:
            continue
        if package is None or not requirement.constraint.allows(package.version):
            has = f"{package.id} is" if package else "no version of it is"
            told.append(f"{name}, which is linked, requires {requirement}, and {has} installed.")
    return told


def _unusable(session: Session, name: PackageName, folder: Path, error: UnusableFolder) -> InvalidManifest:
    way_out = f"{name} is a member of this workspace, and others require it."
    if name in session.links:
        way_out = f"{name} is linked to that folder; 'hpm unlink {name}' puts the locked package back."
    return InvalidManifest(str(folder / MANIFEST), [f"{error}.", way_out])
