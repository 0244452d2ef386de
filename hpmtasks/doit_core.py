"""doit_core: the parts of doit that hpm uses, without its command line.

``import doit`` imports a command line too, with plugins and what they are described by, a
debugger and processes: 27 ms, of which hpm needs five. So here the package stands in
``sys.modules`` with its body unread, which is enough for its modules to find each other;
and what these import for rare cases (:data:`_LATER`) is imported when they use it. Nobody
else sees any of that: ``import subprocess`` elsewhere imports it, and the package's body is
read when somebody asks for what it makes, such as ``doit.run``.

Where doit is there already, as under its own command line, that one is used; and a doit of
another shape than is known here is imported as anything is.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import GeneratorType, ModuleType
from typing import Any

#: In the order in which they import each other.
_MODULES = ("exceptions", "cmdparse", "action", "dependency", "task", "loader", "control", "runner")
#: What they import for options, for actions that are commands or functions, for a debugger, for ``-n``, for
#: other databases than ours, and for what goes wrong.
_LATER = (
    "copy", "dbm", "getopt", "hashlib", "inspect", "multiprocessing", "pdb", "pickle", "queue", "subprocess",
    "traceback",
)  # fmt: skip


class _Later(ModuleType):
    """Stands for the module of its name, and imports it when something of it is used."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.is_read = False

    def __getattr__(self, name: str) -> Any:
        if self.is_read:
            return getattr(import_module(self.__name__), name)

        def function(*arguments: Any, **options: Any) -> Any:
            return getattr(import_module(self.__name__), name)(*arguments, **options)

        return function  # what is taken out of a module while modules are read is only called later


class _Unread(ModuleType):
    """The package, until something is asked for that is no module of it, so that its body makes it."""

    def __getattr__(self, name: str) -> Any:
        if find_spec(f"{self.__name__}.{name}"):
            return import_module(f"{self.__name__}.{name}")
        self.__class__ = ModuleType  # type: ignore[assignment]  # from now on it is what it stands for
        _read(self)
        return getattr(self, name)


def _read_parts() -> None:
    """The modules of doit that hpm uses are in ``sys.modules``, and the package that they are in."""
    package = _module("doit")
    package.__class__ = _Unread
    sys.modules["doit"] = package
    later = {name: _Later(name) for name in _LATER}
    # Its definition; a graph that is laid while it runs asks for nothing else of it.
    later["inspect"].isgenerator = lambda value: isinstance(value, GeneratorType)  # type: ignore[attr-defined]

    def import_(
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002  their names in __import__
        locals: Mapping[str, Any] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        if name in later and not level and name not in sys.modules:
            return later[name]
        return builtins.__import__(name, globals, locals, fromlist, level)

    for name in _MODULES:
        module = _module(f"doit.{name}")
        vars(module)["__builtins__"] = {**vars(builtins), "__import__": import_}
        sys.modules[module.__name__] = module
        _read(module)
        setattr(package, name, module)
    for each in later.values():
        each.is_read = True


def _module(name: str) -> ModuleType:
    spec = find_spec(name)
    if spec is None:
        raise ModuleNotFoundError(name=name)
    return module_from_spec(spec)


def _read(module: ModuleType) -> None:
    spec: Any = module.__spec__
    spec.loader.exec_module(module)


if "doit" not in sys.modules:
    try:
        _read_parts()
    except Exception:  # noqa: BLE001  whatever it is, it does not happen to a plain import, or is told by it
        for name in [name for name in sys.modules if name.partition(".")[0] == "doit"]:
            del sys.modules[name]

from doit.action import BaseAction  # noqa: E402  what stands above is about this line
from doit.control import ExecNode, TaskControl, TaskDispatcher  # noqa: E402
from doit.dependency import Dependency, DependencyStatus  # noqa: E402
from doit.exceptions import InvalidCommand, TaskError, TaskFailed  # noqa: E402
from doit.runner import SUCCESS, Runner  # noqa: E402
from doit.task import DelayedLoader, Stream, Task  # noqa: E402

__all__ = [
    "SUCCESS",
    "BaseAction",
    "DelayedLoader",
    "Dependency",
    "DependencyStatus",
    "ExecNode",
    "InvalidCommand",
    "Runner",
    "Stream",
    "Task",
    "TaskControl",
    "TaskDispatcher",
    "TaskError",
    "TaskFailed",
]
