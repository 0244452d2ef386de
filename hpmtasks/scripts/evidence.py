"""evidence: what shows that every task of a run is fresh, for saying so later without a graph.

A task that is found fresh brings what it was found by. One that did something is looked at once
more when all is over; then the clock has ticked, so that each later change will show.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from hpmtasks.files.fingerprint import TICK_NS
from hpmtasks.files.sightings import Sightings

if TYPE_CHECKING:
    from hpmtasks.scripts.events import Outcome
    from hpmtasks.scripts.presumption import Presumption
    from hpmtasks.scripts.tasks import ScriptTask, TaskId


class Evidence:
    """What a run comes to.

    Args:
        presume: What an earlier run has left, asked when the first task is to be judged.

    Attributes:
        seen: While all of it is as it was, each task of the run is fresh, if packages, variables and
            declarations are the same.
        parts: How long each task took when it last ran, and which paths it is fresh by.
        is_complete: Whether that is so for every task. Not before the run has ended.
    """

    def __init__(self, presume: Callable[[], Presumption | None] = lambda: None) -> None:
        self.seen = Sightings()
        self.parts: dict[str, tuple[float, tuple[str, ...]]] = {}
        self.is_complete = False
        self._presume = presume
        self._fits = True
        self._shown: set[TaskId] = set()

    @cached_property
    def _before(self) -> Presumption | None:
        return self._presume()

    def add(self, task: TaskId, seen: Sightings, seconds: float) -> None:
        """*task*, which took *seconds* when it last ran, was found fresh by what was *seen*."""
        if seen.is_sure:
            self._fits = self._fits and self.seen.add(seen)
            self._shown.add(task)
            self.parts[str(task)] = seconds, (*seen.entries, *seen.passed, *seen.absent)

    def shows_still(self, task: TaskId) -> bool:
        """Whether *task* is fresh by what an earlier run has left; if so, that is added."""
        seen = self._before.of(str(task)) if self._before is not None else None
        if seen is not None:
            self.add(task, seen, self.seconds_of(task) or 0.0)
        return seen is not None

    def seconds_of(self, task: TaskId) -> float | None:
        """How long *task* took when it last ran, if an earlier run tells."""
        return self._before.seconds.get(str(task)) if self._before is not None else None

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
