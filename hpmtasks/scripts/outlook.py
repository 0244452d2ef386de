"""outlook: what a run of scripts would do now, asked without doing it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from hpmtasks.dataclass import dataclass, field
from hpmtasks.scripts.digests import FileDigests
from hpmtasks.scripts.explain import Explanation, explain
from hpmtasks.scripts.graph_view import Node, State
from hpmtasks.scripts.key import Keys
from hpmtasks.scripts.perform import Manner
from hpmtasks.scripts.preview import Preview, Verdict, preview
from hpmtasks.scripts.run import RunOptions, ScriptRun
from hpmtasks.session.results import results_of
from hpmtasks.store.results.digest import Digest

if TYPE_CHECKING:
    from hpmtasks.scripts.record import Record
    from hpmtasks.scripts.tasks import ScriptTask, TaskId
    from hpmtasks.session import Session

_STATES: Mapping[Verdict, State] = {
    "fresh": "fresh",
    "restore": "restored",
    "run": "stale",
    "depends": "stale",
    "service": "service",
}


@dataclass
class Outlook:
    """What would happen to each of *tasks* now."""

    tasks: Mapping[TaskId, ScriptTask]
    _session: Session
    _run: ScriptRun
    _digests: FileDigests = field(init=False)

    def __post_init__(self) -> None:
        self._digests = FileDigests.of(self._session.project)

    @cached_property
    def previews(self) -> Mapping[TaskId, Preview]:
        """By task, in graph order.

        Raises:
            HpmError: A task cannot be judged.
        """
        return {each.task: each for each in preview(self.tasks, self._run.performer)}

    def record(self, task: TaskId) -> Record | None:
        """How *task* was settled last."""
        return self._run.performer.records.get(task)

    def explanation(self, id_: TaskId, why: Callable[[str], str]) -> Explanation:
        """Why that would happen to the task *id_*.

        Args:
            why: Why a package was chosen, by its name.

        Raises:
            HpmError: Something that it depends on cannot be read.
        """
        task = self.tasks[id_]
        key = self._keys.of(task) if task.config.is_kept else None
        return explain(
            task,
            self.previews[id_],
            self.record(id_),
            key,
            digest_of=self._digest_of,
            why=why,
            locked=self._locked,
        )

    def nodes(self, after: Sequence[str]) -> list[Node]:
        """The tasks as they are drawn, each behind what it needs and the nodes *after*."""
        return [self._node(task, after) for task in self.tasks.values()]

    @cached_property
    def _keys(self) -> Keys:
        return Keys(self._session, self.tasks, self._digests, self._session.settings.environ)

    @cached_property
    def _locked(self) -> Mapping[str, str]:
        lockfile = self._session.documents.lockfile
        entries = lockfile.entries if lockfile else {}
        return {str(name): str(entry.version) for name, entry in entries.items()}

    def _digest_of(self, path: str, status: os.stat_result) -> Digest:
        root = f"{os.fspath(self._session.project.root)}/"
        found = self._digests.digest(path.removeprefix(root), status)
        return Digest(found.hash, found.size)

    def _node(self, task: ScriptTask, after: Sequence[str]) -> Node:
        seen, record = self.previews[task.id], self.record(task.id)
        state = _STATES[seen.verdict]
        if state == "stale" and record is not None and record.kind == "failed":
            state = "failed"
        details = {
            "command": " && ".join(step.line for step in task.steps),
            "because": seen.reason,
            "inputs": " ".join(task.config.inputs or ()),
            "outputs": " ".join(task.config.outputs),
        }
        return Node(
            f"script:{task.id}",
            "script",
            state,
            (*after, *(f"script:{need}" for need in task.needs)),
            record.seconds if record is not None and record.seconds else None,
            {name: text for name, text in details.items() if text},
        )


@contextmanager
def outlook(session: Session, tasks: Mapping[TaskId, ScriptTask]) -> Iterator[Outlook]:
    """What would happen to *tasks*, which have all that they need among them."""
    run = ScriptRun(session, tasks, (), RunOptions(manner=Manner(is_preview=True)), results_of(session))
    try:
        yield Outlook(tasks, session, run)
    finally:
        run.close(is_preview=True)
