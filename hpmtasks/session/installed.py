"""installed: whether hem_modules looks like what is locked, from a few looks at the disk."""

from __future__ import annotations

from hpmtasks.errors import HpmError
from hpmtasks.model.lockfile import read_lockfile
from hpmtasks.model.manifest import Manifest
from hpmtasks.project import Project
from hpmtasks.project.state import State


def seems_installed(project: Project, manifest: Manifest) -> bool:
    """Whether each package that the project needs to run stands in hem_modules at its locked version.

    Only folders are looked at, and what hpm remembers of them: this is for a hint before a
    script runs, not for a verdict. Packages for development may have been left out on purpose.
    """
    try:
        lockfile = read_lockfile(project.lock_path)
    except HpmError:
        return False
    if lockfile is None:
        return not manifest.requirements
    needed = {name: str(entry.version) for name, entry in lockfile.entries.items() if not entry.dev}
    if not needed:
        return True
    remembered = State(project.state_path).packages
    for name, version in needed.items():
        known = remembered.get(name.key)
        if known is not None and known.version != version:
            return False
        if not project.package_folder(name).is_dir():
            return False
    return True


def leaves_out_dev(project: Project) -> bool:
    """Whether only what the project needs to run was installed here, and not what development needs.

    Then nobody is to install the rest unasked. It is seen from the folders: hpm has been here, all of
    the one kind is there, and nothing of the other.
    """
    try:
        lockfile = read_lockfile(project.lock_path)
    except HpmError:
        return False
    if lockfile is None or not project.resolution_path.exists():
        return False
    there = {name: project.package_folder(name).is_dir() for name in lockfile.entries}
    dev = [there[name] for name, entry in lockfile.entries.items() if entry.dev]
    needed = [there[name] for name, entry in lockfile.entries.items() if not entry.dev]
    return bool(dev) and not any(dev) and all(needed)
