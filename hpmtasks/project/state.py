"""state: what one project's earlier runs found out, in one file.

Read once and written once: ``tasks`` is doit's own bookkeeping, ``files`` a table
of file fingerprints with the stat they were taken at, ``packages`` what stands in
``hem_modules``, ``tools`` what programs said of themselves. All of it may be lost at any time at
the price of looking again; none of it is ever trusted against the disk.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from hpmtasks.dataclass import dataclass, replace
from hpmtasks.errors import HpmError
from hpmtasks.files.atomic import write_atomically
from hpmtasks.files.boot import boot
from hpmtasks.files.fingerprint import StatTable
from hpmtasks.files.sealed import check_seal, seal
from hpmtasks.model.package import PackageName

T = TypeVar("T")

#: Another number: the file is ignored and made anew.
FORMAT = 1
#: A killed run loses at most what the tasks of this many seconds found out, or of this many times as
#: long as writing took the last time: so a large state is not written more often than it is worth.
_FLUSH_AFTER_SECONDS = 1.0
_FLUSH_AFTER_TIMES = 20


@dataclass(frozen=True, slots=True)
class Installed:
    """One package folder as hpm left it.

    ``name`` is spelled as the folder is; ``tree`` is the digest of its contents; ``mtime_ns``
    and ``inode`` are the folder's own, by which a replaced folder is noticed without reading it;
    0 if it has to be read.
    """

    name: str
    version: str
    tree: str
    mtime_ns: int
    inode: int


class State:
    """The state of one project. Make one with ``State(path)``; nothing is written before :meth:`save`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tasks: dict[str, dict[str, Any]] = {}
        self.files = StatTable()
        self.packages: dict[str, Installed] = {}
        #: Programs that were asked for their version: path to stat and answer.
        self.tools: dict[str, list[Any]] = {}
        # What this process changed, by name: for the rest another process may know better.
        self._touched_tasks: set[str] = set()
        self._touched_packages: set[str] = set()
        self._touched_tools: set[str] = set()
        self._read_signature = _signature(path)
        # Whether the disk is sure to have what was written.
        self._is_synced = True
        self._load(_read(path))

    def _load(self, document: dict[str, Any]) -> None:
        self.tasks = document.get("tasks", {})
        self.files = StatTable.from_rows(document.get("files", []))
        self.tools = document.get("tools", {})
        self.packages = {name: Installed(*fields) for name, fields in document.get("packages", {}).items()}
        if document.get("boot") != boot():
            # The state is synced and the files of packages are not: if power was lost in between, a
            # folder looks as it was left, and what is in it may be gone. So each is read once.
            self.packages = {
                name: replace(installed, mtime_ns=0, inode=0) for name, installed in self.packages.items()
            }

    # ---- what doit keeps for each task

    def task_value(self, task: str, key: str) -> Any:
        """What was kept under *key* for *task*; ``None`` if nothing."""
        return self.tasks.get(task, {}).get(key)

    def keep_task_value(self, task: str, key: str, value: Any) -> None:
        """Keep *value*. Equal values do not make the state dirty, so a no-op run writes nothing."""
        plain = list(value) if isinstance(value, tuple) else value
        entry = self.tasks.setdefault(task, {})
        if key in entry and entry[key] == plain:
            return
        entry[key] = plain
        self._touched_tasks.add(task)

    def forget_task(self, task: str) -> None:
        """Forget all that was kept for *task*."""
        if self.tasks.pop(task, None) is not None:
            self._touched_tasks.add(task)

    def values_of(self, task: str) -> dict[str, Any]:
        """The record that *task*'s action left (doit's "values"); empty if it never ran."""
        values = self.task_value(task, "_values_:")
        return values if isinstance(values, dict) else {}

    # ---- what stands in hem_modules

    def keep_package(self, key: str, installed: Installed) -> None:
        """Remember that the folder of package *key* (case-folded name) is as *installed* says."""
        if self.packages.get(key) != installed:
            self.packages[key] = installed
            self._touched_packages.add(key)

    def forget_package(self, key: str) -> None:
        """Forget the folder of package *key*."""
        if self.packages.pop(key, None) is not None:
            self._touched_packages.add(key)

    def keep_tool(self, path: str, answer: list[Any]) -> None:
        """Remember what the program at *path* answered, with the stat that it had."""
        if self.tools.get(path) != answer:
            self.tools[path] = answer
            self._touched_tools.add(path)

    # ---- the file

    @property
    def is_dirty(self) -> bool:
        """Whether :meth:`save` would write."""
        touched = self._touched_tasks or self._touched_packages or self._touched_tools
        return bool(touched) or self.files.changed

    @property
    def is_kept(self) -> bool:
        """Whether the disk is sure to have all that is known."""
        return self._is_synced and not self.is_dirty

    @property
    def changed_by_another(self) -> bool:
        """Whether another process has written the file since it was read."""
        return _signature(self.path) != self._read_signature

    def save(self, *, durable: bool = True) -> None:
        """Write the file if anything changed. The caller holds the project's mutex.

        If another process wrote meanwhile, its word stands for everything that this
        one did not touch; only its fingerprints are dropped, and will be taken again.

        Args:
            durable: Wait until the disk has it. In the midst of a run nobody does: what a loss of power
                tears counts as absent, and a kill tears nothing.
        """
        if not self.is_dirty and (self._is_synced or not durable):
            return
        if self.changed_by_another:
            self._merge(State(self.path))
        document = {
            "format": FORMAT,
            "boot": boot(),
            "tasks": self.tasks,
            "files": self.files.to_rows(),
            "tools": self.tools,
            "packages": {name: _fields(installed) for name, installed in sorted(self.packages.items())},
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self.path, seal(json.dumps(document, separators=(",", ":"))), durable=durable)
        self._is_synced = durable
        for touched in (self._touched_tasks, self._touched_packages, self._touched_tools):
            touched.clear()
        self.files.changed = False
        self._read_signature = _signature(self.path)

    def _merge(self, theirs: State) -> None:
        self.tasks = _merged(theirs.tasks, self.tasks, self._touched_tasks)
        self.packages = _merged(theirs.packages, self.packages, self._touched_packages)
        self.tools = _merged(theirs.tools, self.tools, self._touched_tools)


def _merged(theirs: dict[str, T], mine: dict[str, T], touched: set[str]) -> dict[str, T]:
    """*theirs*, but *mine* for what was *touched*, be it changed or forgotten."""
    kept = {name: value for name, value in theirs.items() if name not in touched}
    return kept | {name: mine[name] for name in touched if name in mine}


def _fields(installed: Installed) -> list[Any]:
    return [installed.name, installed.version, installed.tree, installed.mtime_ns, installed.inode]


def _signature(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino


def _read(path: Path) -> dict[str, Any]:
    """The document in *path*; empty if there is none, or none that this hpm understands."""
    try:
        document = json.loads(check_seal(path.read_bytes()))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        return {}
    is_whole = (
        _is_table_of(dict, document.get("tasks"))
        and all(_is_kept_by_doit(entry) for entry in document["tasks"].values())
        and isinstance(document.get("files"), list)
        and _is_table_of(list, document.get("tools"))
        and _is_table_of(list, document.get("packages"))
        and all(_names_a_package(fields) for fields in document["packages"].values())
    )
    return document if is_whole else {}


def _is_table_of(shape: type, value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(each, shape) for each in value.values())


def _is_kept_by_doit(entry: dict[str, Any]) -> bool:
    """Whether doit, which looks at nothing twice, can go on with *entry*."""
    dependencies = entry.get("deps:", [])
    return (
        isinstance(entry.get("_values_:", {}), dict)
        and isinstance(dependencies, list)
        and all(isinstance(each, str) for each in dependencies)
    )


def _names_a_package(fields: list[Any]) -> bool:
    """Whether *fields* are those of an :class:`Installed`; its name becomes a path, so it must be one."""
    match fields:
        case [str(name), str(), str(), int(), int()]:
            try:
                PackageName.parse(name)
            except ValueError:
                return False
            return True
    return False


def is_readable(path: Path) -> bool:
    """Whether there is no state at *path*, or one that this hpm understands."""
    return not os.path.lexists(path) or bool(_read(path))


# The group of tasks that run while nobody holds the project's mutex.
_SCRIPTS = "script"
# What doit keeps for each task beside the fingerprints of files.
_CHECKER = "checker:"
_MAY_BE_EMPTY = frozenset({"_values_:", "deps:"})


class DoitBackend:
    """doit's view of a :class:`State`: registered under the name ``hpm``, chosen by DOIT_CONFIG.

    doit calls the constructor for every command, so nothing is locked or written
    here; :meth:`dump` takes the mutex for as long as the write takes.
    """

    desc = "the project state of hpm: one read, one atomic write"

    def __init__(self, name: str, codec: object, *, module_name: str | None = None) -> None:
        del codec, module_name  # one format only
        self.name = name
        self.state = State(Path(name).absolute())
        self._flush_at = time.monotonic() + _FLUSH_AFTER_SECONDS
        self._is_doits_own = True

    @classmethod
    def over(cls, state: State) -> DoitBackend:
        """A view of a state that is read already."""
        backend = cls.__new__(cls)
        backend.name = str(state.path)
        backend.state = state
        backend._flush_at = time.monotonic() + _FLUSH_AFTER_SECONDS  # noqa: SLF001  its own
        backend._is_doits_own = False  # noqa: SLF001  its own
        return backend

    def get(self, task_id: str, dependency: str) -> Any:
        """What doit kept."""
        return self.state.task_value(task_id, dependency)

    def set(self, task_id: str, dependency: str, value: Any) -> None:
        """Keep it, and write from time to time; but nothing of scripts, which have records of their own.

        What means the same as its absence is not kept either: an empty record, which every group of
        tasks has, and the name of the checker, of which there is one.
        """
        if dependency == _CHECKER or task_id.partition(":")[0] == _SCRIPTS:
            return
        if dependency in _MAY_BE_EMPTY and not value and not self.state.task_value(task_id, dependency):
            return
        self.state.keep_task_value(task_id, dependency, value)
        if time.monotonic() > self._flush_at:
            self._write(durable=False)

    def in_(self, task_id: str) -> bool:
        """Whether doit kept anything for the task."""
        return task_id in self.state.tasks

    def remove(self, task_id: str) -> None:
        """Forget the task."""
        self.state.forget_task(task_id)

    def remove_all(self) -> None:
        """Forget every task."""
        for task in list(self.state.tasks):
            self.state.forget_task(task)

    def dump(self) -> None:
        """Write what changed. Plain doit, which would show a traceback, ends with the sentence instead."""
        if not self.state.is_kept:
            self._write(durable=True)

    def _write(self, *, durable: bool) -> None:
        began = time.monotonic()
        if self.state.is_dirty or durable:
            from hpmtasks.files.mutex import Mutex

            try:
                with Mutex(self.state.path.parent / "mutex"):
                    self.state.save(durable=durable)
            except HpmError as error:
                if not self._is_doits_own:
                    raise
                raise SystemExit(f"hpm: {error}") from error
        now = time.monotonic()
        self._flush_at = now + max(_FLUSH_AFTER_SECONDS, _FLUSH_AFTER_TIMES * (now - began))

    def __iter__(self) -> Iterator[str]:
        return iter(self.state.tasks)
