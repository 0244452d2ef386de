"""problems: the imports of a source that lead nowhere, each with the way out."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable, Iterator

from hpmtasks.dataclass import dataclass
from hpmtasks.hemlock.lookup import STDLIB, PackageImport, package_import, relative_import
from hpmtasks.hemlock.module import read_module
from hpmtasks.hemlock.tokens import source_of


@dataclass(frozen=True, slots=True)
class Problem:
    """One import that cannot be resolved: where it stands, and a sentence."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


def problems_of(
    path: str,
    data: bytes,
    is_file: Callable[[str], bool],
    of_package: Callable[[PackageImport], str | None],
) -> Iterator[Problem]:
    """What is wrong with the imports of the source *data*.

    Args:
        path: Where it is; relative imports begin there.
        is_file: Whether there is a file, by a path like *path*.
        of_package: Why the import of a package fails, as a sentence; ``None`` if it does not.
    """
    if b"import" not in data and b"export" not in data:
        return
    module = read_module(source_of(data))
    for each in module.imports:
        message = _problem(path, each.path, is_file, of_package)
        if message is not None:
            yield Problem(path, each.line, message)
    if module.problem:
        line = int(module.problem.partition(":")[0].removeprefix("line "))
        yield Problem(path, line, f"{module.problem.partition(': ')[2]}; what follows was not looked at.")


def _problem(
    path: str,
    imported: str,
    is_file: Callable[[str], bool],
    of_package: Callable[[PackageImport], str | None],
) -> str | None:
    if imported.startswith(STDLIB):
        return None
    shown = json.dumps(imported, ensure_ascii=False)
    file = relative_import(posixpath.dirname(path), imported)
    if file is not None:
        return None if is_file(file) else f"imports {shown}, and there is no {file}."
    wanted = package_import(imported)
    if wanted is None:
        return f"imports {shown}, which is neither a file nor owner/repo nor a part of one, owner/repo/part."
    why = of_package(wanted)
    return None if why is None else f"imports {shown}: {why}"
