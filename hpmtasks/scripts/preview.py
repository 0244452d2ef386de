"""preview: what a run would do to each task, and why; nothing is run, restored or written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from hpmtasks.dataclass import dataclass
from hpmtasks.scripts.schedule import Stale

if TYPE_CHECKING:
    from hpmtasks.scripts.perform import ScriptPerformer
    from hpmtasks.scripts.tasks import ScriptTask, TaskId

#: ``depends``: something that it needs would run first, and what that leaves decides.
Verdict = Literal["fresh", "restore", "run", "depends", "service"]


@dataclass(frozen=True, slots=True)
class Preview:
    """What would happen to one task.

    Attributes:
        reason: Why it is not fresh, as a clause; empty if there is nothing to be said.
    """

    task: TaskId
    verdict: Verdict
    reason: str = ""


def preview(tasks: Mapping[TaskId, ScriptTask], performer: ScriptPerformer) -> list[Preview]:
    """What would happen to each of *tasks*, in graph order.

    Raises:
        HpmError: A task cannot be judged.
    """
    found: dict[TaskId, Preview] = {}
    for task in tasks.values():
        found[task.id] = _preview(task, performer, found)
    return list(found.values())


def _preview(task: ScriptTask, performer: ScriptPerformer, before: Mapping[TaskId, Preview]) -> Preview:
    if task.config.persistent and task.id not in performer.asked:
        return Preview(task.id, "service")
    verdict = performer.judge(task)
    if not isinstance(verdict, Stale):
        changed = _that_may_change(task, before)
        return Preview(task.id, "depends", f"{changed} comes first") if changed else Preview(task.id, "fresh")
    if task.config.is_kept:
        changed = _that_may_change(task, before)
        if changed:
            return Preview(task.id, "depends", f"{changed} comes first")
        if performer.may_be_restored(task):
            return Preview(task.id, "restore", verdict.reason)
    return Preview(task.id, "run", verdict.reason)


def _that_may_change(task: ScriptTask, before: Mapping[TaskId, Preview]) -> TaskId | None:
    """A need of *task* that may leave something else than what is there now."""
    for need in task.needs:
        if before[need].verdict in ("depends", "restore", "run"):
            return need
    return None
