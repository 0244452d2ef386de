"""action: write one package into hem_modules, and take others away."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from hpmtasks.errors import Defect, InvalidPatch
from hpmtasks.files.failures import storage_failures
from hpmtasks.files.removal import remove_tree
from hpmtasks.model.package import PackageName
from hpmtasks.model.resolution import ResolvedPackage
from hpmtasks.session import Change, Session
from hpmtasks.session.layout import lay_out_verified
from hpmtasks.session.occupant import Occupant
from hpmtasks.stages.extract.record import ExtractRecord
from hpmtasks.store.entries import LinkMethod
from hpmtasks.store.tree import ForeignEntry


def extract(session: Session, package: ResolvedPackage) -> ExtractRecord:
    """``hem_modules/<owner>/<repo>`` holds exactly the verified tree of *package*, patched if it has a patch.

    The folder is completed beside its place and renamed into it: at any moment it is
    the old one, the new one, or absent. If the right contents stand there already they
    are left alone.

    Raises:
        InvalidPatch: The patch cannot be applied.
    """
    base, occupant = session.modules.locked_tree(package), session.modules.occupant_of(package)
    if base is None:
        raise Defect(f"{package.id} is to be laid out before it was verified.")
    patch = occupant.patch
    session.modules.respell(package.name)
    if occupant.tree is not None and session.modules.holds(occupant):
        return _recorded(package, base, occupant, occupant.tree, "found")
    if patch is None:
        before, folder = session.modules.version_of(package.name), session.modules.place_for(package.name)
        method = lay_out_verified(session, package, folder)
        session.modules.note(occupant, base)
        session.changes.append(Change(package.name, before, occupant.version))
        return _recorded(package, base, occupant, base, str(method))

    from hpmtasks.session.copies import replace_contents
    from hpmtasks.session.patching import apply_patch

    def fill(folder: Path) -> None:
        lay_out_verified(session, package, folder, how=LinkMethod.COPY)
        apply_patch(session, patch, package.id, folder)

    try:
        tree = replace_contents(session, occupant, fill)
    except ForeignEntry as error:
        raise InvalidPatch(patch.shown, [f"{error.path} would be no file any more, but a link."]) from error
    return _recorded(package, base, occupant, tree, "patch")


def _recorded(
    package: ResolvedPackage, base: str, occupant: Occupant, tree: str, method: str
) -> ExtractRecord:
    patch = occupant.patch.fingerprint if occupant.patch else ""
    return ExtractRecord(package.commit, tree, method, base, patch)


def extraneous(session: Session) -> list[PackageName]:
    """Packages in hem_modules that hpm put there and the resolution no longer has.

    The state knows which those are. Where it was deleted, a folder that holds exactly what
    the lock locked until now is recognised, too.
    """
    if session.resolution is None or session.options.lock_only:
        return []
    wanted = {each.name.key for each in session.resolution.packages if session.options.lays_out(each)}
    wanted |= {name.key for name in session.stand_ins(session.resolution)}
    locked = session.documents.lockfile.entries if session.documents.lockfile else {}
    for name, entry in locked.items():
        if name.key not in wanted and name.key not in session.state.packages:
            session.modules.holds(Occupant(name, str(entry.version), entry.tree))
    return session.modules.extraneous(wanted)


def remove(session: Session, name: PackageName) -> None:
    """The folder of *name* is gone, and its owner's folder if that is empty now."""
    folder = session.modules.folder_of(name)
    if folder is None:
        return
    before = session.modules.version_of(name)
    with storage_failures("remove", folder):
        remove_tree(folder)
        with suppress(OSError):
            folder.parent.rmdir()
    session.modules.forget(name)
    session.changes.append(Change(name, before, None))
