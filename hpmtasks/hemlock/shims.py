"""shims: small modules that stand where the interpreter looks for a package, and hand on the real one.

The interpreter looks only in the ``hem_modules`` beside the importing file. So a folder whose
sources import ``owner/repo`` gets a ``hem_modules`` of its own, with modules that hold nothing but
``export { … } from`` the installed file: it is loaded once, whoever imports it. The language has no
``export *``, so the names are listed.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from hpmtasks.hemlock.lookup import PackageImport, find_in, package_import

if TYPE_CHECKING:
    from hpmtasks.hemlock.module import Module

MODULES = "hem_modules"
#: The first line of every file that is made here; a ``hem_modules`` whose .gitignore begins so is hpm's.
MARK = "Made by hpm so that Hemlock finds packages; hpm makes it again and removes it as needed."
IGNORE = f"# {MARK}\n*\n"
_MAIN_BESIDE = "hpm-main"


class Targets:
    """The modules of the installed packages, each looked up and read once.

    Args:
        modules: The project's ``hem_modules``, absolute.
    """

    def __init__(self, modules: str) -> None:
        self.modules = modules
        self._found: dict[str, str | None] = {}
        self._read: dict[str, Module] = {}

    def find(self, wanted: PackageImport) -> str | None:
        """The file that *wanted* loads, relative to ``hem_modules``; ``None`` if there is none."""
        key = str(wanted)
        if key not in self._found:
            found = find_in(f"{self.modules}/{wanted.package}", wanted.sub)
            self._found[key] = f"{wanted.package}/{found}" if found else None
        return self._found[key]

    def module(self, path: str) -> Module:
        """The module in the file *path*, which :meth:`find` found."""
        from hpmtasks.hemlock.module import read_module
        from hpmtasks.hemlock.tokens import source_of

        if path not in self._read:
            try:
                with open(f"{self.modules}/{path}", "rb") as file:
                    self._read[path] = read_module(source_of(file.read()))
            except OSError:
                self._read[path] = read_module("")
        return self._read[path]


def shims_for(
    folder: str, imports: Iterable[Mapping[str, Sequence[str]]], to_modules: str, targets: Targets
) -> dict[str, str]:
    """The files that *folder* needs so that its sources find packages: paths in *folder*, and contents.

    Args:
        folder: Relative to where paths are to begin; empty for that place itself.
        imports: What each source of *folder* takes from packages.
        to_modules: The way from *folder* to the project's ``hem_modules``.
        targets: What is installed; an import that means nothing there is left out.
    """
    taken: dict[str, set[str]] = {}
    for each in imports:
        for path, of_one in each.items():
            taken.setdefault(path, set()).update(of_one)
    places: dict[str, tuple[str, set[str]]] = {}
    for path, names in sorted(taken.items()):
        wanted = package_import(path)
        target = targets.find(wanted) if wanted else None
        if wanted and target:
            _place(places, wanted, target, names)
    if not places:
        return {}
    beside = f"{folder}/{MODULES}" if folder else MODULES
    files = {f"{beside}/.gitignore": IGNORE}
    for place, (target, names) in places.items():
        if place.endswith(".json"):
            files[f"{beside}/{place}"] = target
            continue
        way = "../" * (place.count("/") + 1) + f"{to_modules}/{target}"
        files[f"{beside}/{place}"] = _shim(way, targets.module(target), names)
    return files


def _place(
    places: dict[str, tuple[str, set[str]]], wanted: PackageImport, target: str, names: set[str]
) -> None:
    """Put *wanted* where the interpreter looks for it first; the package itself in ``src/index.hml``."""
    place = f"{wanted.package}/{wanted.sub or 'src/index'}.hml"
    if places.get(place, (target,))[0] != target:
        # "owner/repo" and "owner/repo/src/index" are two modules: the first is then called otherwise.
        main = f"{wanted.package}/{_MAIN_BESIDE}.hml"
        places[main] = places[place]
        places[f"{wanted.package}/package.json"] = (
            f'{{ "//": "{MARK}", "main": "{_MAIN_BESIDE}.hml" }}\n',
            set(),
        )
        places[place] = (target, set())
    else:
        places.setdefault(place, (target, set()))
    places[place][1].update(names)


def _shim(way: str, module: Module, names: set[str]) -> str:
    """The text of a shim for *module*, which is reached by *way*.

    Besides what it exports, *names* that it only defines are handed on: the interpreter lets
    them be imported, too.
    """
    listed = dict.fromkeys(module.offered)
    listed.update(dict.fromkeys(name for name in sorted(names) if name in module.bindings))
    path = '"' + posixpath.normpath(way).replace("\\", "\\\\").replace('"', '\\"') + '"'
    if not listed:
        return f"// {MARK}\nimport * from {path};\n"
    return f"// {MARK}\nexport {{ {', '.join(listed)} }} from {path};\n"


def is_shim_folder(path: str) -> bool:
    """Whether the folder *path*, a ``hem_modules``, was made here; a link was not."""
    if os.path.islink(path):
        return False
    try:
        with open(f"{path}/.gitignore", "rb") as file:
            return file.read(len(MARK) + 2) == f"# {MARK}".encode()
    except OSError:
        return False
