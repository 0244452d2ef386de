"""news: which tasks have done something in this run, and which need what has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hpmtasks.scripts.tasks import ScriptTask, TaskId


class News:
    """What has happened among *tasks* so far. Any thread may tell; one at a time asks."""

    def __init__(self, tasks: Mapping[TaskId, ScriptTask]) -> None:
        self._tasks = tasks
        self._of: set[TaskId] = set()
        self._members: set[str] = set()

    def happened(self, task: ScriptTask) -> None:
        """*task* is about to do something."""
        self._of.add(task.id)
        self._members.add(task.member.path)

    def reached(self, task: ScriptTask) -> bool:
        """Whether something that *task* needs, directly or not, has done something.

        Of what it needs, all but services has to have been asked for before: the answer is kept.
        """
        for need in map(self._tasks.__getitem__, task.needs):
            if need.id in self._of or (need.config.persistent and self.reached(need)):
                self._of.add(task.id)
                return True
        return False

    def is_elsewhere(self, task: ScriptTask) -> bool:
        """Whether a task of another member has: what stands in hem_modules of that one may be another now."""
        return bool(self._members - {task.member.path})
