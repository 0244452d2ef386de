"""evidence: what shows that every task of a run is fresh, for saying so later without a graph.

A task that is found fresh brings what it was found by. One that did something is looked at once
more when all is over; then the clock has ticked, so that each later change will show.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from hpmtasks.files.fingerprint import TICK_NS
from hpmtasks.files.sightings import Sightings

if TYPE_CHECKING:
    from hpmtasks.scripts.events import Outcome
    from hpmtasks.scripts.tasks import ScriptTask, TaskId


class Evidence:
    """What a run comes to.

    Attributes:
        seen: While all of it is as it was, each task of the run is fresh, if packages, variables and
            declarations are the same.
        is_complete: Whether that is so for every task. Not before the run has ended.
    """

    def __init__(self) -> None:
        self.seen = Sightings()
        self.is_complete = False
        self._fits = True
        self._shown: set[TaskId] = set()

    def add(self, task: TaskId, seen: Sightings) -> None:
        """*task* was found fresh by what was *seen*."""
        if seen.is_sure:
            self._fits = self._fits and self.seen.add(seen)
            self._shown.add(task)

    def complete(
        self,
        tasks: Mapping[TaskId, ScriptTask],
        outcomes: Mapping[TaskId, Outcome],
        is_fresh: Callable[[ScriptTask], bool],
    ) -> None:
        """The run has ended; *is_fresh* looks at a task once more, and adds what it was found by."""
        if not self._fits or not all(_may_be_fresh(task, outcomes.get(id_)) for id_, task in tasks.items()):
            return
        rest = [task for id_, task in tasks.items() if task.config.is_kept and id_ not in self._shown]
        if rest:
            time.sleep(TICK_NS / 1e9)
        is_shown = all(is_fresh(task) and task.id in self._shown for task in rest)
        self.is_complete = is_shown and self._fits and bool(self._shown)


def _may_be_fresh(task: ScriptTask, outcome: Outcome | None) -> bool:
    """Whether *task* may have nothing to do in the next run: it stands for others, is kept, is not needed."""
    if outcome is None or not outcome.is_success:
        return False
    return not task.steps or task.config.is_kept or outcome.kind == "service"
