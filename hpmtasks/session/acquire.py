"""acquire: the archive of one commit, or its tree, is in the store; here source and store meet, only here."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from hpmtasks.errors import NotOffline, PackageNotFound
from hpmtasks.model.package import PackageName
from hpmtasks.model.resolution import ResolvedPackage
from hpmtasks.semver.version import Version
from hpmtasks.session.session import Session
from hpmtasks.session.vanished import told_as_locked
from hpmtasks.store.entries import ArchiveEntry, DamagedEntry, Intake, Staging, TreeEntry

if TYPE_CHECKING:
    from hpmtasks.session.delivery import Delivery

Acquisition = tuple[str, Callable[[], ArchiveEntry]]
T = TypeVar("T")

#: How often something that vanishes from the store, or turns out damaged, is fetched again.
ATTEMPTS = 4


def acquisition(
    session: Session, name: PackageName, version: Version, commit: str, integrity: str | None = None
) -> Acquisition:
    """The key and the work that put the archive of *commit* into the store, for the executor.

    The resolver needs an archive for the package.json in it, the download stage for
    all of it: both come here, and whoever comes second finds it done.

    Args:
        integrity: What the lock promises of the archive's bytes, if it does. Only then
            may an archive of the first hpm's cache be used, because nothing else vouches for it.
    """

    def acquire() -> ArchiveEntry:
        found = kept_archive(session, name, version, commit, integrity)
        if found is not None:
            return found
        own = (name.key, commit)
        session.fetched.add(own)  # before the store has it: see Session.fetched
        session.unpacked.setdefault(own, None)
        try:
            with telling(session, name, version), ExitStack() as computing:
                taken = fetch(session, name, version, commit, computing=computing, turn=session.computing)
        except PackageNotFound as error:
            raise told_as_locked(session, name, version, commit, error) from error
        except NotOffline as error:
            raise NotOffline(
                f"{name}@{version} is not in the store, and --offline forbids fetching it.\n\n"
                "Run once without --offline, or install it on a machine that may use the network"
                f" and bring its cache folder along ({session.settings.cache_dir})."
            ) from error
        session.unpacked[own], session.manifests[own] = taken.tree, taken.manifest
        return taken.archive

    return _key(name, commit), acquire


def _key(name: PackageName, commit: str) -> str:
    return f"archive of {name.key} {commit}"


def fetch(
    session: Session,
    name: PackageName,
    version: Version,
    commit: str,
    *,
    computing: ExitStack,
    turn: AbstractContextManager[object],
    read: Callable[[bytes | None], object] | None = None,
    lay_out: Staging | None = None,
) -> Intake:
    """The archive of *commit* has come from its source; it and its tree are in the store.

    Args:
        computing: Enters *turn* when all has come. Threads that compute at the same time would only take
            the interpreter from each other.
        read: As in :meth:`Store.take_in`. Who waits for that waits for nobody's *turn*.
        lay_out: As in :meth:`Store.take_in`.

    Raises:
        HpmError: As :meth:`Source.archive` and :meth:`Store.take_in`.
    """
    source = session.source_of(name)

    def write(into: BinaryIO) -> None:
        source.archive(name, commit, version=version, into=into)
        if read is None:
            computing.enter_context(turn)

    def tell(manifest: bytes | None) -> None:
        if read is not None:
            read(manifest)
            computing.enter_context(turn)

    return session.store.take_in(name, commit, write, version=str(version), read=tell, lay_out=lay_out)


def kept_archive(
    session: Session, name: PackageName, version: Version, commit: str, integrity: str | None
) -> ArchiveEntry | None:
    """The archive that the store has, or takes over from the first hpm; ``None`` if it has to be fetched."""
    found = session.store.find_archive(name, commit)
    if found is None and integrity is not None:
        legacy = session.store.legacy_archive(name, str(version))
        if legacy is not None and _sha256(legacy) == integrity:
            return session.store.adopt_archive(name, commit, legacy, version=str(version))
    return found


def telling(session: Session, name: PackageName, version: Version) -> AbstractContextManager[object]:
    """Inside, it is shown that *name* is being downloaded."""
    return session.progress(f"downloading {name}@{version}", lambda: session.executor.tally("archive of "))


def _sha256(path: Path) -> str | None:
    """``sha256-<hex>`` of a file; ``None`` if it cannot be read."""
    import hashlib

    try:
        with path.open("rb") as file:
            return f"sha256-{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError:
        return None


def acquire(
    session: Session, name: PackageName, version: Version, commit: str, integrity: str | None = None
) -> ArchiveEntry:
    """The archive of *commit*, in the store when this returns.

    Raises:
        PackageNotFound: The source no longer has the commit.
        NetworkFailure: It could not be fetched.
        NotOffline: It would have to be fetched, and may not be.
    """
    return session.executor.collect(*acquisition(session, name, version, commit, integrity))


def delivered(session: Session, package: ResolvedPackage) -> Delivery | None:
    """What a worker has done for *package*, when it has done it; ``None`` if none was asked, or could.

    Raises:
        HpmError: As :func:`acquire`.
    """
    if session.executor.knows(_key(package.name, package.commit)):
        acquire(session, package.name, package.version, package.commit, package.integrity)
    return session.delivered.get((package.name.key, package.commit))


def unpacked(
    session: Session, name: PackageName, version: Version, commit: str, integrity: str | None = None
) -> TreeEntry:
    """The contents of *commit*, in the store when this returns; nobody has compared them with a lock.

    Raises:
        UnsafeArchive: The archive cannot be unpacked safely.
        HpmError: As :func:`acquire`.
    """
    found = session.store.find_tree_of(name, commit)
    if found is not None:
        return found
    asked = acquisition(session, name, version, commit, integrity)
    session.unpacked.setdefault((name.key, commit), None)  # before the store has it: see Session.unpacked

    def unpack() -> TreeEntry:
        # Whoever fetched it may have unpacked it, too.
        return session.store.find_tree_of(name, commit) or session.store.unpack(name, commit)

    return healing(session, asked, f"{name}@{version}", unpack)


def healing(session: Session, asked: Acquisition, label: str, use: Callable[[], T]) -> T:
    """What *use* makes of the archive that was *asked* for.

    The store may have lost the archive since (somebody cleans it up), or it was damaged:
    then it is fetched again.
    """
    for _ in range(ATTEMPTS):
        session.executor.collect(*asked)
        try:
            return use()
        except DamagedEntry as damage:
            session.executor.forget(asked[0])
            if not damage.is_missing:
                session.warnings.append(
                    f"The store's copy of {label} was damaged and has been fetched again."
                )
    session.executor.collect(*asked)
    return use()
