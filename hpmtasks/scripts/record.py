"""record: what is remembered of the last run of each task: ``.hpm/scripts/<task>.json``.

From it a task is proven fresh, its place in the next run is chosen, and ``hpm explain`` says
what has changed. It is a cache: one that was altered, or is of another form, counts as absent.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from hpmtasks.dataclass import dataclass, field
from hpmtasks.files.atomic import write_atomically
from hpmtasks.files.sealed import check_seal, seal
from hpmtasks.files.sightings import Sightings
from hpmtasks.store.results.result import ActionResult
from hpmtasks.store.results.wire import Malformed

if TYPE_CHECKING:
    from hpmtasks.project import Project
    from hpmtasks.scripts.tasks import TaskId

FOLDER = "scripts"
_FORMAT = 1
_LONGEST_NAME = 150
#: How a task ended that there was something to do for; ``running``: hpm did not live to see it.
Recorded = Literal["ran", "restored", "failed", "running"]
_KINDS: Mapping[str, Recorded] = {
    "ran": "ran",
    "restored": "restored",
    "failed": "failed",
    "running": "running",
}


@dataclass(frozen=True, slots=True)
class Record:
    """How a task ended the last time that there was something to do for it.

    Attributes:
        kind: See :data:`Recorded`.
        code: Its exit code.
        seconds: How long its script ran when it last did.
        reason: Why it was not fresh, as a clause.
        at: Seconds since 1970.
        action: The digest of all that it depended on, ``hash/size``; empty for a task that keeps no result.
        key: The same in parts, for comparing; the values of secrets as digests only.
        result: What it left; ``None`` if nothing may be concluded from what is there.
        foreign: Paths that its outputs' patterns take and that were there before its first run: they are
            not its own, and not removed before it runs.
    """

    kind: Recorded
    code: int = 0
    seconds: float = 0.0
    reason: str = ""
    at: float = 0.0
    action: str = ""
    key: Mapping[str, Any] = field(default_factory=dict)
    result: ActionResult | None = None
    foreign: tuple[str, ...] = ()


class Records:
    """The records of a project, each read once.

    Attributes:
        opened_ns: Before that none was read, in nanoseconds since 1970.
    """

    def __init__(self, project: Project) -> None:
        self._folder = project.state_folder / FOLDER
        self._known: dict[TaskId, Record | None] = {}
        self._statuses: dict[TaskId, os.stat_result] = {}
        self.opened_ns = time.time_ns()

    def get(self, task: TaskId) -> Record | None:
        """The record of *task*; ``None`` if there is none, or none that can be used."""
        if task not in self._known:
            self._known[task] = self._read(task)
        return self._known[task]

    def get_anew(self, task: TaskId) -> Record | None:
        """The record of *task* that is there now, whoever wrote it."""
        if not self._is_as_read(task):
            self._known[task] = self._read(task)
        return self._known[task]

    def _is_as_read(self, task: TaskId) -> bool:
        """Whether the file of *task* is the one that was read, and had not changed a moment before that."""
        seen = Sightings(self.opened_ns)
        if task in self._statuses:
            self.show(task, seen)
        now = Sightings()
        now.look(str(self.path(task)))
        return seen.is_sure and seen.entries == now.entries and bool(seen.entries)

    def show(self, task: TaskId, seen: Sightings) -> None:
        """*seen* is told of the file that the record of *task* was read from."""
        seen.saw(str(self.path(task)), self._statuses[task])

    def put(self, task: TaskId, record: Record) -> None:
        """*record* is that of *task* from now on.

        Raises:
            StorageFailure: It cannot be written.
        """
        self._known[task] = record
        self._statuses.pop(task, None)
        document = {
            "format": _FORMAT,
            "task": str(task),
            "kind": record.kind,
            "code": record.code,
            "seconds": record.seconds,
            "reason": record.reason,
            "at": record.at,
            "action": record.action,
            "key": record.key,
            "foreign": record.foreign,
            "result": base64.b64encode(record.result.encode()).decode() if record.result else None,
        }
        path = self.path(task)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, seal(json.dumps(document, separators=(",", ":"))), durable=False)

    def path(self, task: TaskId) -> Path:
        """The file of *task*: its name, as far as any file system takes it as it is."""
        return self._folder / f"{_file_name(str(task))}.json"

    def _read(self, task: TaskId) -> Record | None:
        try:
            with open(self.path(task), "rb", buffering=0) as file:
                status = os.fstat(file.fileno())
                record = _decoded(file.read(), str(task))
        except OSError:
            return None
        self._statuses[task] = status
        return record


def _file_name(name: str) -> str:
    """*name* without what some file system does not take; two names never have one file name.

    Where something had to go, or capitals might be taken for small letters, a digest is added.
    """
    plain = "".join(each if (each.isalnum() and each.isascii()) or each in "-_#+" else "+" for each in name)
    if plain == name.lower() and len(name) <= _LONGEST_NAME:
        return plain
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:16]
    return f"{plain[:_LONGEST_NAME]}.{digest}"


def _decoded(data: bytes, task: str) -> Record | None:
    try:
        document = json.loads(check_seal(data))
        if document["format"] != _FORMAT or document["task"] != task:
            return None
        result = document["result"]
        return Record(
            _KINDS[document["kind"]],
            int(document["code"]),
            float(document["seconds"]),
            str(document["reason"]),
            float(document["at"]),
            str(document["action"]),
            dict(document["key"]),
            ActionResult.decode(base64.b64decode(result, validate=True)) if result is not None else None,
            tuple(str(path) for path in document["foreign"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error, Malformed):
        return None
