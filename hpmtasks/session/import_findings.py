"""import_findings: imports that cannot work, of the project and its packages, and misread manifests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeAlias

from hpmtasks.dataclass import dataclass
from hpmtasks.hemlock.lookup import SUFFIX, PackageImport, candidates, find_in
from hpmtasks.hemlock.problems import problems_of
from hpmtasks.hemlock.shims import MODULES, is_shim_folder
from hpmtasks.hemlock.sources import find_sources
from hpmtasks.model.interpreter_rules import issues_of_main, issues_of_members
from hpmtasks.model.manifest import get_all_dependencies
from hpmtasks.model.package import PackageName
from hpmtasks.project import MANIFEST
from hpmtasks.session.importing import members_of
from hpmtasks.session.interpreter import finds_packages_above
from hpmtasks.session.session import Session

#: ``import``: leads nowhere. ``main``: not what an import loads. ``members``: more than a program in
#: Hemlock can parse. ``shims``: not what is needed; an installation puts that right.
Rule: TypeAlias = Literal["import", "main", "members", "shims"]


@dataclass(frozen=True, slots=True)
class ImportFinding:
    """One thing that will not work: the file it is about, from the project's root, and a sentence."""

    rule: Rule
    path: str
    line: int | None
    message: str

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{place}: {self.message}"


def import_findings(session: Session) -> list[ImportFinding]:
    """Everything that is wrong with imports and with ``main``, in the project first. Nothing is written."""
    own = _own_manifests(session)
    found = [*_of_sources(session, "", members_of(session)), *own]
    for name in _standing(session):
        folder = session.project.package_folder(name)
        found += _of_manifest(folder, session.project.relative(folder / MANIFEST), installed=name)
        found += _of_sources(session, session.project.relative(folder), frozenset())
    return found


def _standing(session: Session) -> list[PackageName]:
    """The packages that are to be in hem_modules and are."""
    if session.resolution is None:
        return []
    names = {each.name for each in session.resolution.packages if session.lays_out(each)}
    names |= session.stand_ins(session.resolution).keys()
    return sorted(name for name in names if session.project.package_folder(name).is_dir())


def _own_manifests(session: Session) -> Iterator[ImportFinding]:
    for member in session.workspace.everyone():
        yield from _of_manifest(member.folder, member.shown_manifest, installed=None)


def _of_manifest(folder: Path, shown: str, *, installed: PackageName | None) -> Iterator[ImportFinding]:
    """What is misread in a package.json. A project that names no ``main`` need not have one."""
    try:
        data = (folder / MANIFEST).read_bytes()
        document = b'"main"' in data
        files = find_sources(str(folder)).files if installed or document else None
        mains, members = issues_of_main(data, files), issues_of_members(data)
    except (OSError, ValueError):
        return
    way_out = (
        "" if installed is None else f" Its author can mend that; until then, 'hpm patch {installed}' can."
    )
    for issue in mains:
        yield ImportFinding("main", shown, None, f"{issue}{way_out}")
    for issue in members if installed is None else ():
        yield ImportFinding("members", shown, None, issue)


def _of_sources(session: Session, below: str, members: frozenset[str]) -> Iterator[ImportFinding]:
    root = session.project.root
    checker = _Packages(session)
    for path in find_sources(str(root / below), members).files:
        shown = f"{below}/{path}" if below else path
        try:
            data = (root / shown).read_bytes()
        except OSError:
            continue
        folder = os.path.dirname(shown)
        problems = problems_of(
            shown,
            data,
            lambda file: (root / file).is_file(),
            lambda wanted, folder=folder: checker.problem(wanted, folder),  # type: ignore[misc]
        )
        for problem in problems:
            yield ImportFinding("import", shown, problem.line, problem.message)


class _Packages:
    """What is to be said of an import of a package, given what is installed."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.modules = str(session.project.modules)
        self.mode = session.documents.manifest.imports
        self.required = {each.name for each in get_all_dependencies(session.documents.manifest)}
        self.looks_above = finds_packages_above(session.settings.environ, session.state)

    def problem(self, wanted: PackageImport, folder: str) -> str | None:
        """Why an import of *wanted* in *folder* fails; ``None`` if it does not."""
        place = f"{self.modules}/{wanted.package}"
        if find_in(place, wanted.sub) is None:
            return self._missing(wanted, place)
        return self._unreachable(folder) if folder else None

    def _missing(self, wanted: PackageImport, place: str) -> str:
        name = wanted.package
        if not os.path.isdir(place):
            return self._absent(name)
        if not wanted.sub:
            return f"{name} has no module of its own; import one of its files as {name}/FILE."
        if wanted.sub.endswith(SUFFIX) and find_in(place, wanted.sub.removesuffix(SUFFIX)):
            return f"a part of a package is named without {SUFFIX}."
        return f"{name} has none of {', '.join(candidates(wanted.sub))}."

    def _absent(self, name: str) -> str:
        try:
            parsed = PackageName.parse(name)
        except ValueError:
            return f"no package can be called {name}."
        spelled = next((each for each in _standing(self.session) if each == parsed), None)
        if spelled is not None:
            return f"it is spelled {spelled}, capitals included."
        if parsed in self.required:
            return f"{name} is not installed; run 'hpm install'."
        return f"nothing requires {name}; run 'hpm install {name}'."

    def _unreachable(self, folder: str) -> str | None:
        """Why sources of *folder* do not find what is installed."""
        beside = self.session.project.root / folder / MODULES
        if os.path.lexists(beside) and not is_shim_folder(str(beside)):
            shown = self.session.project.relative(beside)
            return f"{shown} is looked at instead of the project's, and hpm did not make it; remove it."
        if self.mode == "off" and self.looks_above is False:
            return (
                "the interpreter looks for packages only beside the importing file; take hpm.imports out of"
                " package.json, and run 'hpm install'."
            )
        return None
