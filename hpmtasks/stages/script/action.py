"""action: what was asked for is settled; the schedule knows when, and who performs knows how."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from hpmtasks.scripts.events import Outcome
from hpmtasks.scripts.run import ScriptRun
from hpmtasks.scripts.tasks import TaskId
from hpmtasks.stages.script import GROUP

# doit ends a name at "=", and takes "*" for several.
_SPECIAL = re.compile(r"[=*%]")


def name_of(task: TaskId) -> str:
    """What *task* is called in the graph: what means something to doit is written as in an address."""
    return f"{GROUP}:{_SPECIAL.sub(lambda found: f'%{ord(found[0]):02X}', str(task))}"


def settle(
    run: ScriptRun, began: Callable[[str], None], was_fresh: Callable[[str], None]
) -> Mapping[TaskId, Outcome]:
    """What *run* was asked for is settled; how each of its tasks ended, in graph order.

    As doit would, but it need not know the tasks for that: the schedule decides.

    Args:
        began: Told of each task that was stale, by the name that it has in the graph, in its order.
        was_fresh: Told of each that was not.
    """
    run.begin()
    lost: set[TaskId] = set()
    for id_, task in run.tasks.items():
        if not lost.isdisjoint(task.needs):
            lost.add(id_)
        elif run.is_fresh(id_):
            was_fresh(name_of(id_))
        else:
            began(name_of(id_))
            if not run.outcome(id_).is_success:
                lost.add(id_)
        if lost and not run.keep_going:
            break
    return run.finish()


def failure(task: TaskId, outcome: Outcome) -> str:
    """What is said of a task that did not succeed."""
    if outcome.kind == "skipped":
        return f"script {task} was not begun: {outcome.reason}"
    if outcome.reason:
        return f"script {task} failed: {outcome.reason}"
    return f"script {task} ended with {outcome.code}"
