"""review: what differs in the sources of packages, between what is locked and what would be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from hpmtasks.dataclass import dataclass
from hpmtasks.errors import IntegrityMismatch
from hpmtasks.model.lockfile import LockEntry, Lockfile
from hpmtasks.model.package import PackageId, PackageName
from hpmtasks.model.resolution import Resolution, ResolvedPackage
from hpmtasks.semver.version import Version
from hpmtasks.session.acquire import acquisition, unpacked
from hpmtasks.session.session import Session
from hpmtasks.sources.source import Tag
from hpmtasks.store.comparison import FileDifference, compare_trees
from hpmtasks.store.entries import TreeEntry

#: Files that are named where only a few words are due.
MOST_NAMES = 10


@dataclass(frozen=True, slots=True)
class Edition:
    """The contents of one version of a package at one commit.

    Attributes:
        integrity: What the lock promises of the archive; ``None`` if it does not.
        tree: What the lock promises of the contents; ``None`` if it does not.
    """

    name: PackageName
    version: Version
    commit: str
    integrity: str | None = None
    tree: str | None = None

    @classmethod
    def tagged(cls, name: PackageName, tag: Tag) -> Edition:
        """What *tag* of *name* points at."""
        return cls(name, tag.version, tag.commit)

    @classmethod
    def locked(cls, name: PackageName, entry: LockEntry) -> Edition | None:
        """What *entry* locks; ``None`` if it names no commit, as the first hpm's do."""
        if entry.commit is None:
            return None
        return cls(name, entry.version, entry.commit, entry.integrity, entry.tree)

    @classmethod
    def resolved(cls, package: ResolvedPackage) -> Edition:
        """What *package* of a resolution is."""
        return cls(package.name, package.version, package.commit, package.integrity, package.tree)


@dataclass(frozen=True, slots=True)
class PackageDifference:
    """What differs in one package. ``before`` or ``after`` is ``None`` where it comes or goes."""

    name: PackageName
    before: Edition | None
    after: Edition | None
    files: tuple[FileDifference, ...]


def difference(session: Session, before: Edition | None, after: Edition | None) -> PackageDifference:
    """What differs between two editions of one package; what is missing in the store is fetched.

    Raises:
        IntegrityMismatch: Contents are not those that the lock promises.
        ValueError: Both are ``None``.
        HpmError: Contents cannot be had.
    """
    known = before or after
    if known is None:
        raise ValueError("nothing is compared with nothing")
    _fetch_ahead(session, before, after)
    files = compare_trees(_tree(session, before), _tree(session, after))
    return PackageDifference(known.name, before, after, files)


def review(session: Session, before: Lockfile | None, after: Resolution) -> Iterator[PackageDifference]:
    """What differs in each package that *after* has otherwise than *before*, by name.

    A locked package whose commit is not known (the first hpm wrote none) counts as new. Of
    packages that go no file is told: nobody is going to run them.

    Raises:
        HpmError: As :func:`difference`.
    """
    entries = before.entries if before else {}
    locked = {name: Edition.locked(name, entry) for name, entry in entries.items()}
    coming = {package.name: Edition.resolved(package) for package in after.packages}
    pairs = [(locked.get(name), coming.get(name)) for name in sorted({*locked, *coming})]
    changed = [pair for pair in pairs if any(pair) and _is_another(*pair)]
    for before_it, after_it in changed:
        if after_it is not None:
            _fetch_ahead(session, before_it, after_it)
    for before_it, after_it in changed:
        if before_it is not None and after_it is None:
            yield PackageDifference(before_it.name, before_it, None, ())
        else:
            yield difference(session, before_it, after_it)


def _is_another(before: Edition | None, after: Edition | None) -> bool:
    return not (before and after and (before.version, before.commit) == (after.version, after.commit))


def _fetch_ahead(session: Session, *editions: Edition | None) -> None:
    for each in editions:
        if each is not None and session.store.find_tree_of(each.name, each.commit) is None:
            asked = acquisition(session, each.name, each.version, each.commit, each.integrity)
            session.executor.start(asked)


def _tree(session: Session, edition: Edition | None) -> TreeEntry | None:
    if edition is None:
        return None
    tree = unpacked(session, edition.name, edition.version, edition.commit, edition.integrity)
    if edition.tree not in (None, tree.digest):
        raise IntegrityMismatch(
            str(PackageId(edition.name, edition.version)),
            expected=str(edition.tree),
            actual=tree.digest,
            hint="What is published under the locked commit is not what was locked.",
        )
    return tree


# ---------------------------------------------------------------- in a few words


def summary_of(files: Sequence[FileDifference]) -> str:
    """``3 files: 1 added, 2 changed; +10 -2 lines``."""
    if not files:
        return "no file"
    count: Counter[str] = Counter(file.status for file in files)
    words = {"added": "added", "removed": "removed", "changed": "changed", "mode": "with another mode"}
    parts = ", ".join(f"{count[status]} {word}" for status, word in words.items() if count[status])
    lines = f"+{sum(file.added for file in files)} -{sum(file.removed for file in files)} lines"
    binary = sum(file.is_binary for file in files)
    number = "1 file" if len(files) == 1 else f"{len(files)} files"
    return f"{number}: {parts}; {lines}{f', {binary} not text' if binary else ''}"


def names_of(files: Sequence[FileDifference]) -> str:
    """The paths of *files*, the first few of many."""
    shown = ", ".join(file.path for file in files[:MOST_NAMES])
    more = len(files) - MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown
