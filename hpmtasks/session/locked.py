"""locked: the packages that the lock names, taken at its word, without package.json."""

from __future__ import annotations

from pathlib import Path

from hpmtasks.dataclass import replace
from hpmtasks.errors import NoSuchVersion, OutOfDate
from hpmtasks.model.lockfile import LockEntry
from hpmtasks.model.package import PackageName
from hpmtasks.model.resolution import Resolution, ResolvedPackage, from_entry
from hpmtasks.project import LOCKFILE, MANIFEST, Project
from hpmtasks.session.session import Session


def find_locked_project(start: Path) -> Project:
    """The project that *start* is in, by its package.json or, where that is not there, by its lock.

    Raises:
        OutOfDate: There is neither.
    """
    for folder in (start, *start.parents):
        if (folder / MANIFEST).is_file():
            return Project.find(folder)
        if (folder / LOCKFILE).is_file():
            return Project(folder)
    raise OutOfDate(f"There is no package-lock.json in {start} or in a folder above.")


def locked_resolution(session: Session) -> Resolution:
    """What package-lock.json remembers, unquestioned.

    Where it names no commit (a file of the first hpm), or one that means nothing to the
    source that has the package now, the commit of the version's tag is taken.

    Raises:
        OutOfDate: There is no lock, or not every entry of it is of use.
        NoSuchVersion: A version without commit is no longer among the tags.
    """
    lockfile = session.documents.lockfile
    if lockfile is None:
        raise OutOfDate("There is no package-lock.json.\n\nRun 'hpm install' or 'hpm lock' to write one.")
    if lockfile.unusable:
        reasons = "\n".join(f"  - {name}: {reason}" for name, reason in lockfile.unusable.items())
        raise OutOfDate(f"package-lock.json cannot be followed:\n\n{reasons}\n\nRun 'hpm install'.")
    current = session.documents.entries
    asking = [name for name, entry in lockfile.entries.items() if name not in current or entry.commit is None]
    for name in asking:
        session.expect_tags(name)
    packages = {name: from_entry(name, entry, entry.commit or "") for name, entry in lockfile.entries.items()}
    for name in asking:
        packages[name] = _as_tagged(session, name, lockfile.entries[name])
    return Resolution(tuple(packages.values()))


def _as_tagged(session: Session, name: PackageName, entry: LockEntry) -> ResolvedPackage:
    tags = session.tags(name).tags
    for tag in tags:
        if str(tag.version) == str(entry.version):
            package = from_entry(name, entry, tag.commit)
            # Another source's contents were never promised.
            is_promised = name in session.documents.entries
            return package if is_promised else replace(package, tree=None, integrity=None)
    raise NoSuchVersion(
        f"package-lock.json locks {name}@{entry.version}, which {name} no longer has.",
        name=str(name),
        constraint=str(entry.version),
        available=[str(tag.version) for tag in tags],
    )
