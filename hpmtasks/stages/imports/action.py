"""action: read what sources import, and lay the shims that lead to it."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from hpmtasks.dataclass import dataclass
from hpmtasks.model.package import PackageName
from hpmtasks.session import Session
from hpmtasks.session.importing import members_of, shims_are_needed
from hpmtasks.stages.imports.record import ImportsRecord

if TYPE_CHECKING:
    from hpmtasks.hemlock.sources import Sources

NAME = "imports"
_Files = dict[str, tuple[str, Mapping[str, tuple[str, ...]]]]


@dataclass(frozen=True, slots=True)
class Importer:
    """Whose sources import: a package in hem_modules, or, without a name, the project itself."""

    name: PackageName | None
    folder: Path

    @property
    def task_name(self) -> str:
        """``imports:owner/repo``, or ``imports:.``."""
        return _task_name(self.name)


def _task_name(name: PackageName | None) -> str:
    return f"{NAME}:{name or '.'}"


def importers(session: Session) -> list[Importer]:
    """Everyone whose sources are to be looked at, or had shims and is to lose them; the project last.

    A package whose sources are known to import no package is left out.
    """
    if session.resolution is None or session.options.lock_only:
        return []
    laid_out = [each.name for each in session.resolution.packages if session.lays_out(each)]
    laid_out += session.stand_ins(session.resolution)
    own = Importer(None, session.project.root)
    are_needed = shims_are_needed(session)
    found = [
        Importer(name, session.project.package_folder(name))
        for name in laid_out
        if are_needed or _had_shims(session, name)
    ]
    if are_needed:
        found = [each for each in found if not _imports_nothing(session, each)]
    if (are_needed and laid_out) or _had_shims(session, None):
        found.append(own)
    return found


def recorded(session: Session, importer: Importer) -> ImportsRecord | None:
    """What was recorded of *importer*; ``None`` if nothing was."""
    return ImportsRecord.from_json(session.state.values_of(importer.task_name))


def _had_shims(session: Session, name: PackageName | None) -> bool:
    return bool(session.state.values_of(_task_name(name)).get("shims"))


def _imports_nothing(session: Session, importer: Importer) -> bool:
    known = recorded(session, importer)
    if known is None or known.files or known.shims or not known.tree:
        return False
    chosen = session.resolution.by_name.get(importer.name) if session.resolution and importer.name else None
    return chosen is not None and session.modules.occupant_of(chosen).tree == known.tree


def is_laid(session: Session, importer: Importer) -> bool:
    """Whether everything is as it was when the shims of *importer* were made, and they are there."""
    known = recorded(session, importer)
    if known is None:
        return False
    if not shims_are_needed(session):
        return not known.shims
    return _reads_the_same(session, importer, known) and (
        known.targets == {package: _tree_of(session, package) for package in known.targets}
        and all(_is_foreign(importer, folder, known) for folder in known.foreign)
        and all(_fingerprint(session, importer.folder / path) == was for path, was in known.shims.items())
    )


def lay(session: Session, importer: Importer) -> ImportsRecord:
    """Beside each source of *importer* that imports packages stand the shims by which it finds them, or none.

    A shim that is right already is not touched. What hpm made there and is not needed is gone.

    Raises:
        StorageFailure: The file system refuses.
    """
    from hpmtasks.hemlock.shim_files import found_in, put, remove

    known = recorded(session, importer) or ImportsRecord()
    sources = _sources(session, importer)
    files: _Files = {}
    shims: dict[str, str] = {}
    foreign: list[str] = []
    if shims_are_needed(session):
        files = _read(session, importer, sources, known)
        shims, foreign = _plan(session, importer, files, known)
    before = {*known.shims, *found_in(importer.folder, sources.folders, apart_from_itself=not importer.name)}
    with session.modules.unaffected(importer.name) if importer.name else nullcontext():
        remove(importer.folder, before - shims.keys())
        put(importer.folder, shims)
    if not shims_are_needed(session):
        return ImportsRecord()
    packages = {path for _, taken in files.values() for path in taken}
    return ImportsRecord(
        _tree_of(session, str(importer.name)) if importer.name else "",
        () if importer.name else sources.folders,
        files,
        {package: _tree_of(session, package) for package in sorted(map(_package_of, packages))},
        tuple(foreign),
        {path: _fingerprint(session, importer.folder / path) for path in sorted(shims)},
    )


def lacks_shims(session: Session, importer: Importer) -> bool:
    """Whether shims that *importer* needs are not there, or not right; nothing is remembered of it."""
    known = recorded(session, importer) or ImportsRecord()
    files = _read(session, importer, _sources(session, importer), known)
    shims = _plan(session, importer, files, known)[0] if shims_are_needed(session) else {}
    return any(
        _content(importer.folder / path) != text.encode("utf-8", "surrogateescape")
        for path, text in shims.items()
    )


def take_away(session: Session, importer: Importer) -> None:
    """No shim of *importer* is left."""
    from hpmtasks.hemlock.shim_files import remove

    known = recorded(session, importer) or ImportsRecord()
    with session.modules.unaffected(importer.name) if importer.name else nullcontext():
        remove(importer.folder, set(known.shims))


def stamped_paths(session: Session) -> list[str]:
    """What the stamp has to look at on account of imports, relative to the project's root."""
    if session.resolution is None or not shims_are_needed(session):
        return []
    found: list[str] = []
    for importer in importers(session):
        known = recorded(session, importer) or ImportsRecord()
        own = importer.name is None
        below = "" if own else f"{session.project.relative(importer.folder)}/"
        found += [f"{below}{path}" for path in known.shims]
        found += [*(path or "." for path in known.folders), *known.files] if own else []
    return found


def _reads_the_same(session: Session, importer: Importer, known: ImportsRecord) -> bool:
    if importer.name is not None:
        return known.tree != "" and known.tree == _tree_of(session, str(importer.name))
    sources = _sources(session, importer)
    return (sources.folders, sources.files) == (known.folders, tuple(known.files)) and all(
        _fingerprint(session, importer.folder / path) == was for path, (was, _) in known.files.items()
    )


def _sources(session: Session, importer: Importer) -> Sources:
    from hpmtasks.hemlock.sources import find_sources

    members = members_of(session) if importer.name is None else ()
    return find_sources(str(importer.folder), members)


def _read(session: Session, importer: Importer, sources: Sources, known: ImportsRecord) -> _Files:
    """What each source takes; one that did not change since *known* is not read again."""
    from hpmtasks.hemlock.sources import package_imports

    files: _Files = {}
    for path in sources.files:
        place = importer.folder / path
        if importer.name is not None:
            if taken := package_imports(_content(place)):
                files[path] = ("", taken)
            continue
        digest = _fingerprint(session, place)
        was, taken_before = known.files.get(path, ("", {}))
        files[path] = (digest, taken_before if digest and was == digest else package_imports(_content(place)))
    return files


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _plan(
    session: Session, importer: Importer, files: _Files, known: ImportsRecord
) -> tuple[dict[str, str], list[str]]:
    """The shims that *files* need, and the folders that cannot have any, because they have packages."""
    from hpmtasks.hemlock.shims import Targets, shims_for

    modules = str(session.project.modules)
    targets = Targets(modules)
    by_folder: dict[str, list[Mapping[str, tuple[str, ...]]]] = {}
    for path, (_, taken) in files.items():
        if taken:
            by_folder.setdefault(posixpath.dirname(path), []).append(taken)
    shims: dict[str, str] = {}
    foreign = []
    for folder, imports in by_folder.items():
        if not folder and importer.name is None:
            continue  # the project's hem_modules is beside it
        if _is_foreign(importer, folder, known):
            foreign.append(folder)
            continue
        way = os.path.relpath(modules, importer.folder / folder).replace(os.sep, "/")
        shims |= shims_for(folder, imports, way, targets)
    return shims, foreign


def _is_foreign(importer: Importer, folder: str, known: ImportsRecord) -> bool:
    """Whether the ``hem_modules`` in *folder* is somebody's: without mark, and without a shim of *known*."""
    from hpmtasks.hemlock.shims import MODULES, is_shim_folder

    beside = f"{folder}/{MODULES}" if folder else MODULES
    place = importer.folder / beside
    if not os.path.lexists(place) or is_shim_folder(str(place)):
        return False
    return place.is_symlink() or not any(path.startswith(f"{beside}/") for path in known.shims)


def _package_of(path: str) -> str:
    from hpmtasks.hemlock.lookup import package_import

    wanted = package_import(path)
    return wanted.package if wanted else path


def _tree_of(session: Session, package: str) -> str:
    try:
        known = session.state.packages.get(PackageName.parse(package).key)
    except ValueError:
        return ""
    return known.tree if known else ""


def _fingerprint(session: Session, path: Path) -> str:
    """What a file holds; empty if it is not there."""
    try:
        return session.state.files.fingerprint_of(path)
    except OSError:
        return ""
