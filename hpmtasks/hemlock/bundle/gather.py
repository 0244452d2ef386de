"""gather: the modules that a program reaches, in the order in which the interpreter executes them."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable

from hpmtasks.dataclass import dataclass, field
from hpmtasks.hemlock.lookup import STDLIB, find_in, package_import, relative_import, with_suffix
from hpmtasks.hemlock.module import Import, Module, read_module
from hpmtasks.hemlock.tokens import source_of


class Unlinkable(ValueError):
    """The modules make no program.

    Attributes:
        problems: A sentence each, with its place.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True)
class Unit:
    """One module.

    Attributes:
        path: Its file, absolute.
        shown: The same, from the project's root.
        source: Its text.
        module: What is in it.
        targets: What each of its imports leads to: a file, or ``@stdlib/…`` for what stays an import.
    """

    path: str
    shown: str
    source: str
    module: Module
    targets: dict[int, str] = field(default_factory=dict)

    def target_of(self, imported: Import) -> str:
        """What *imported*, one of this module's, leads to."""
        return self.targets[imported.start]


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are, absolute: the project's root, its ``hem_modules``, and the stdlib.

    Without ``stdlib`` its modules stay imports.
    """

    root: str
    modules: str
    stdlib: str | None = None


def gather(entry: str, places: Places) -> list[Unit]:
    """The modules of the program *entry* (absolute), each after those that it imports.

    Raises:
        Unlinkable: An import leads nowhere, or in a circle.
    """
    problems: list[str] = []
    done: dict[str, Unit] = {}
    # Depth first without recursion: a module, and how many of its imports were followed.
    first = _read(os.path.realpath(entry), places, problems)
    stack: list[tuple[Unit, list[str]]] = [(first, _files(first))]
    open_paths = {first.path}
    while stack:
        unit, waiting = stack[-1]
        if not waiting:
            stack.pop()
            open_paths.discard(unit.path)
            done[unit.path] = unit
            continue
        path = waiting.pop(0)
        if path in open_paths:
            circle = [each.shown for each, _ in stack]
            shown = _shown(path, places)
            problems.append(f"{' -> '.join([*circle[circle.index(shown) :], shown])} is a circle of imports.")
        elif path not in done:
            reached = _read(path, places, problems)
            stack.append((reached, _files(reached)))
            open_paths.add(path)
    if problems:
        raise Unlinkable(problems)
    return list(done.values())


def _files(unit: Unit) -> list[str]:
    return [path for path in unit.targets.values() if not path.startswith(STDLIB)]


def _read(path: str, places: Places, problems: list[str]) -> Unit:
    shown = _shown(path, places)
    try:
        with open(path, "rb") as file:
            source = source_of(file.read())
    except OSError as error:
        problems.append(f"{shown} cannot be read: {error.strerror}.")
        return Unit(path, shown, "", read_module(""))
    module = read_module(source)
    if module.problem:
        problems.append(f"{shown}: {module.problem}.")
    unit = Unit(path, shown, source, module)
    for each in module.imports:
        found = _target(os.path.dirname(path), each.path, places)
        if found is None:
            problems.append(f"{shown}:{each.line}: {each.path} is not there.")
        else:
            unit.targets[each.start] = found
    return unit


def _target(folder: str, path: str, places: Places) -> str | None:
    if path.startswith(STDLIB):
        if places.stdlib is None:
            return path
        file = with_suffix(posixpath.normpath(f"{places.stdlib}/{path.removeprefix(STDLIB)}"))
        return os.path.realpath(file) if os.path.isfile(file) else None
    wanted = package_import(path)
    if wanted is not None:
        found = find_in(f"{places.modules}/{wanted.package}", wanted.sub)
        return os.path.realpath(f"{places.modules}/{wanted.package}/{found}") if found else None
    relative = relative_import(folder, path)
    return os.path.realpath(relative) if relative and os.path.isfile(relative) else None


def _shown(path: str, places: Places) -> str:
    for root, prefix in ((places.root, ""), (places.stdlib, STDLIB)):
        if root and path.startswith(f"{root}/"):
            return prefix + path[len(root) + 1 :]
    return path
