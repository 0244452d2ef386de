"""action: copy a linked folder, or a member of the workspace, into hem_modules."""

from __future__ import annotations

from pathlib import Path

from hpmtasks.model.manifest import Manifest
from hpmtasks.model.package import PackageName
from hpmtasks.session import Session
from hpmtasks.session.copies import copy_in, occupant_of
from hpmtasks.stages.link.record import LinkRecord
from hpmtasks.store.folder import read_folder_manifest


def link(session: Session, name: PackageName, folder: Path) -> LinkRecord:
    """``hem_modules/<owner>/<repo>`` of *name* holds copies of the files that *folder* publishes.

    Raises:
        InvalidManifest: *folder* can no longer stand in for a package.
        StorageFailure: The copies cannot be made.
    """
    occupant = occupant_of(session, name, folder)
    if occupant.tree is not None and session.modules.holds(occupant):
        return LinkRecord(str(folder), occupant.tree)
    tree = copy_in(session, occupant, folder)
    if name in session.links:  # what members require is installed
        session.warnings += missing_requirements(session, name, read_folder_manifest(folder))
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
