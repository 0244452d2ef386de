"""tasks: ``script:<name>`` and ``script:<member>#<name>``, for hpm run, a dodo.py, and plain doit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from hpmtasks.doit_core import BaseAction, Task, TaskFailed
from hpmtasks.graph import group
from hpmtasks.scripts.run import ScriptRun
from hpmtasks.scripts.tasks import ScriptTask, TaskId
from hpmtasks.stages.script import GROUP
from hpmtasks.stages.script.action import failure, name_of
from hpmtasks.stages.script.record import ScriptRecord


class ScriptAction(BaseAction):  # type: ignore[misc]  # doit carries no types
    """A script as a doit action. No mutex is held: the script may call hpm itself."""

    def __init__(self, run: ScriptRun, script: TaskId) -> None:
        self.run = run
        self.script = script
        self.task: Task | None = None
        self.out: str | None = None
        self.err: str | None = None
        self.result: None = None
        self.values: dict[str, Any] = {}

    def execute(self, out: object = None, err: object = None) -> TaskFailed | None:
        """Collect how it ended; what did not succeed is a failure."""
        del out, err  # what it prints is shown while it runs
        outcome = self.run.outcome(self.script)
        self.values = ScriptRecord.of(outcome).to_json()
        return None if outcome.is_success else TaskFailed(failure(self.script, outcome))

    def __str__(self) -> str:
        return f"script {self.script} of package.json"


def tasks(run: ScriptRun, after: str) -> Iterator[Task]:
    """A task for each of *run*, behind what it needs, and behind the task *after*."""
    for task in run.tasks.values():
        yield Task(
            name_of(task.id),
            [ScriptAction(run, task.id)],
            doc=_doc(task),
            task_dep=[after, *map(name_of, task.needs)],
            uptodate=[_verdict(run, task.id)],
            io={"capture": False},
            verbosity=2,
            subtask_of=GROUP,
        )
    if run.tasks:
        yield group(GROUP, [name_of(task) for task in run.tasks], "run every script of package.json")


def _verdict(run: ScriptRun, task: TaskId) -> Callable[[], bool]:
    def uptodate() -> bool:
        return run.is_fresh(task)

    return uptodate


def _doc(task: ScriptTask) -> str:
    whose = f" of {task.id.member}" if task.id.member else ""
    return f"run the script {task.id.script}{whose}" if task.steps else f"what {task.id} stands for"
