"""action: write the lock, and the manifest after it."""

from __future__ import annotations

from hpmtasks.dataclass import replace
from hpmtasks.errors import Defect
from hpmtasks.files.atomic import write_atomically
from hpmtasks.files.failures import storage_failures
from hpmtasks.files.interrupts import interrupts_wait
from hpmtasks.model.lockfile import render
from hpmtasks.model.resolution import Resolution, to_lockfile
from hpmtasks.project import MANIFEST
from hpmtasks.session import Session
from hpmtasks.stages.lock.record import LockRecord


def completed(session: Session) -> Resolution:
    """The resolution with every tree and integrity that verification found."""
    if session.resolution is None:
        raise Defect("The lock is to be written before there is a resolution.")
    if all(package.tree and package.integrity for package in session.resolution.packages):
        return session.resolution
    packages = []
    for package in session.resolution.packages:
        found = session.state.values_of(f"verify:{package.name}")
        if found.get("commit") != package.commit:
            found = {}
        packages.append(
            replace(
                package,
                tree=package.tree or found.get("tree"),
                integrity=package.integrity or found.get("integrity"),
            )
        )
    return Resolution(tuple(packages))


def lock_bytes(session: Session) -> bytes:
    """What package-lock.json has to be."""
    return render(to_lockfile(completed(session), previous=session.documents.lockfile))


def is_written(session: Session) -> bool:
    """Whether nothing is left to write: the lock's bytes are right and no new manifest waits."""
    if session.documents.candidates:
        return False
    return session.options.keeps_the_lock or is_canonical(session)


def is_canonical(session: Session) -> bool:
    """Whether package-lock.json is, byte for byte, what the resolution would write."""
    try:
        return session.project.lock_path.read_bytes() == lock_bytes(session)
    except FileNotFoundError:
        return False


def write_lock(session: Session) -> LockRecord:
    """package-lock.json is canonical and complete; then each package.json is the candidate, if there is one.

    A lock that is right already is not touched. The manifest is written last: whoever
    finds the two torn apart by a crash finds a lock that answers more than is asked.
    """
    data = lock_bytes(session)
    path = session.project.lock_path
    try:
        written = path.read_bytes() != data
    except FileNotFoundError:
        written = True
    if session.options.keeps_the_lock:
        written = False
    with storage_failures("write", path), interrupts_wait():
        if written:
            write_atomically(path, data, durable=True)
        for member, text in session.documents.candidates.items():
            write_atomically(session.project.root / member / MANIFEST, text.encode(), durable=True)
            session.project.candidate_path(member).unlink(missing_ok=True)
        session.documents.candidates.clear()
    resolution = completed(session)
    session.resolution = resolution
    return LockRecord(len(resolution.packages), written)
