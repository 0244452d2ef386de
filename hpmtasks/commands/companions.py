"""companions: who goes along with a run of tasks: to write a profile, to follow what scripts do, to watch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hpmtasks.commands.command import Context
    from hpmtasks.engine import Listener
    from hpmtasks.scripts.events import Outcome
    from hpmtasks.scripts.evidence import Evidence
    from hpmtasks.scripts.process import Launch
    from hpmtasks.scripts.run import ScriptRun
    from hpmtasks.scripts.tasks import ScriptTask, TaskId
    from hpmtasks.session import Session


class Companion:
    """Somebody who goes along, and by default does nothing.

    Attributes:
        needs_all: Whether every task has to run, whatever is known of it.
        evidence: Given what shows that tasks are fresh.
    """

    needs_all = False
    evidence: Evidence | None = None

    def join(self, run: ScriptRun, session: Session) -> None:
        """The run is about to begin."""

    def hears(self, listener: Listener) -> Listener:
        """Whoever is to be told of the installation in the place of *listener*."""
        return listener

    def launch(self, task: ScriptTask, launch: Launch) -> Launch:
        """What is started for a command of *task* in the place of *launch*; called by many threads."""
        del task
        return launch

    def leave(self, context: Context, outcomes: Mapping[TaskId, Outcome]) -> tuple[Mapping[str, Any], int]:
        """The run is over: what the result says besides, and an exit code for when all else went well."""
        del context, outcomes
        return {}, 0
