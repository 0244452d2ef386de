"""reach: what a member of the workspace can import, as it stands in hem_modules."""

from __future__ import annotations

from collections.abc import Iterable

from hpmtasks.dataclass import dataclass
from hpmtasks.model.manifest import get_all_dependencies
from hpmtasks.model.package import PackageName
from hpmtasks.project.workspace import Member
from hpmtasks.session.session import Session
from hpmtasks.store.folder import UnusableFolder, read_folder_manifest


@dataclass(frozen=True, slots=True)
class Reached:
    """One package that stands in hem_modules, whoever it comes from: locked, patched, linked or a member.

    Attributes:
        name: The package.
        version: The version that it is.
        tree: ``sha256-…``: the digest of its files as they stand there.
    """

    name: PackageName
    version: str
    tree: str


def reached(session: Session, member: Member) -> tuple[Reached, ...]:
    """What *member* requires, for development too, what that requires, and so on; sorted by name.

    What does not stand in hem_modules (``hpm install --prod`` left it out) is not reached. What
    somebody has linked is reached by everyone, as it need not be required by anybody.

    Raises:
        InvalidManifest: package.json of the root or of a member cannot be used.
        InvalidLockfile: The lock cannot be used.
    """
    names: dict[PackageName, None] = {}
    waiting = [*(each.name for each in get_all_dependencies(member.manifest)), *session.links]
    while waiting:
        name = waiting.pop()
        if name not in names:
            names[name] = None
            waiting.extend(_required_by(session, name))
    standing = ((name, session.modules.standing(name)) for name in sorted(names))
    return tuple(Reached(name, *found) for name, found in standing if found is not None)


def _required_by(session: Session, name: PackageName) -> Iterable[PackageName]:
    """What the package *name* requires to run."""
    if name in session.links:
        try:
            requirements = read_folder_manifest(session.links[name]).requirements
        except UnusableFolder:
            return ()
        return [each.name for each in requirements]
    member = session.workspace.by_name.get(name)
    if member is not None:
        return [each.name for each in member.manifest.requirements]
    if session.resolution is not None:
        package = session.resolution.by_name.get(name)
        return [PackageName.parse(other) for other, _ in package.dependencies] if package else ()
    lockfile = session.documents.lockfile
    entry = lockfile.entries.get(name) if lockfile else None
    return entry.dependencies if entry else ()
