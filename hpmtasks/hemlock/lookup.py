"""lookup: which file an import means.

The rules are those of the interpreter's ``module.c``. A package is looked for in one ``hem_modules``;
which one that is differs between systems, and is not decided here.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator

from hpmtasks.dataclass import dataclass
from hpmtasks.model.contents import DEFAULT_MAIN
from hpmtasks.model.interpreter_rules import declared_main, main_as_loaded

#: How a module's file ends; an import need not say it.
SUFFIX = ".hml"
STDLIB = "@stdlib/"


@dataclass(frozen=True, slots=True)
class PackageImport:
    """``owner/repo`` or ``owner/repo/sub``, as an import spells it; else ``sub`` is empty."""

    owner: str
    repo: str
    sub: str

    @property
    def package(self) -> str:
        """``owner/repo``."""
        return f"{self.owner}/{self.repo}"

    def __str__(self) -> str:
        return f"{self.package}/{self.sub}" if self.sub else self.package


def package_import(path: str) -> PackageImport | None:
    """The package that an import of *path* means; ``None`` if it means a file, or nothing that can be."""
    if path.startswith((".", "/", STDLIB)) or "/" not in path:
        return None
    owner, repo, *sub = path.split("/")
    if any(part in {"", ".", ".."} or "\0" in part for part in (owner, repo, *sub)):
        return None
    return PackageImport(owner, repo, "/".join(sub))


def relative_import(folder: str, path: str) -> str | None:
    """The file that *path* means in a module of *folder*; ``None`` if it means a package or the stdlib."""
    if path.startswith(STDLIB) or (not path.startswith((".", "/")) and "/" in path):
        return None
    return posixpath.normpath(posixpath.join(folder, with_suffix(path)))


def with_suffix(path: str) -> str:
    """*path* as the name of a module's file."""
    return path if path.endswith(SUFFIX) else f"{path}{SUFFIX}"


def candidates(sub: str) -> tuple[str, ...]:
    """The files of a package that an import of *sub* below it tries, in their order."""
    return (
        f"{sub}{SUFFIX}",
        f"{sub}/index{SUFFIX}",
        f"src/{sub}{SUFFIX}",
        f"src/{sub}/index{SUFFIX}",
    )


def mains(package_json: bytes | None) -> Iterator[str]:
    """The files that an import of a package itself tries, in their order.

    First what the interpreter takes for ``main``, spelled plainly, and the default; where those are
    not there, what ``main`` really says, which the interpreter may have misread.
    """
    if package_json is None:
        yield DEFAULT_MAIN
        return
    for main in (main_as_loaded(package_json), DEFAULT_MAIN, declared_main(package_json)):
        plain = posixpath.normpath(main)
        if not plain.startswith(("../", "/")) and plain not in {"..", "."}:
            yield with_suffix(plain)


def find_in(package_folder: str, sub: str) -> str | None:
    """The file that an import of *sub* loads, relative to *package_folder*; or ``None``."""
    tried: Iterable[str]
    if sub:
        tried = candidates(sub)
    else:
        try:
            with open(f"{package_folder}/package.json", "rb") as file:
                tried = mains(file.read())
        except OSError:
            tried = mains(None)
    return next((path for path in tried if os.path.isfile(f"{package_folder}/{path}")), None)
