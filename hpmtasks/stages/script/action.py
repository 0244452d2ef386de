"""action: how a script ended, in words; the schedule has seen to the rest."""

from __future__ import annotations

from hpmtasks.scripts.events import Outcome
from hpmtasks.scripts.tasks import TaskId


def failure(task: TaskId, outcome: Outcome) -> str:
    """What is said of a task that did not succeed."""
    if outcome.kind == "skipped":
        return f"script {task} was not begun: {outcome.reason}"
    if outcome.reason:
        return f"script {task} failed: {outcome.reason}"
    return f"script {task} ended with {outcome.code}"
