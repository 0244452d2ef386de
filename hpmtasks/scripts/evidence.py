"""evidence: what shows that the tasks of a run are fresh, for saying so later without a graph.

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
    """What a run comes to, as far as its tasks are fresh.

    Args:
        presume: What an earlier run has left, asked when the first task is to be judged.

    Attributes:
        seen: While all of it is as it was, so are the tasks that are fresh by it, if packages, variables
            and declarations are the same.
        parts: How long each task took when it last ran, and which paths it is fresh by.
        is_usable: Whether there is anything to be told of any task. Not before the run has ended.
        is_complete: Whether every task is fresh by it.
    """

    def __init__(self, presume: Callable[[], Presumption | None] = lambda: None) -> None:
        self.seen = Sightings()
        self.parts: dict[str, tuple[float, tuple[str, ...]]] = {}
        self.is_usable = False
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
        kept = [task for task in tasks.values() if task.config.is_kept and _went_well(outcomes.get(task.id))]
        rest = [task for task in kept if task.id not in self._shown]
        if rest and self._fits:
            time.sleep(TICK_NS / 1e9)
            for task in rest:
                is_fresh(task)
        self.is_usable = self._fits and bool(self._shown)
        others = [task for id_, task in tasks.items() if id_ not in self._shown]
        self.is_complete = self.is_usable and all(_is_idle(task, outcomes.get(task.id)) for task in others)


def _went_well(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.is_success


def _is_idle(task: ScriptTask, outcome: Outcome | None) -> bool:
    """Whether *task* only stands for others, or is a service that was not asked for."""
    return not task.steps or (outcome is not None and outcome.kind == "service")
