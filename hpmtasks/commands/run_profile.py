"""run_profile: ``hpm run --profile FILE``: when everything in a run was, as a file for trace viewers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpmtasks.commands.companions import Companion
from hpmtasks.scripts.profile import Profile, trace

if TYPE_CHECKING:
    from hpmtasks.commands.command import Context
    from hpmtasks.engine import Listener
    from hpmtasks.scripts.events import Outcome
    from hpmtasks.scripts.run import ScriptRun
    from hpmtasks.scripts.tasks import TaskId
    from hpmtasks.session import Session


class _Both:
    """A listener who tells two."""

    def __init__(self, one: Listener, other: Profile) -> None:
        self._one = one
        self._other = other

    def task_began(self, name: str) -> None:
        self._other.task_began(name)
        self._one.task_began(name)

    def task_was_fresh(self, name: str) -> None:
        self._other.task_was_fresh(name)
        self._one.task_was_fresh(name)


class Profiling(Companion):
    """Writes the file *path* when the run is over."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._profile = Profile()

    def join(self, run: ScriptRun, session: Session) -> None:
        """See :class:`Companion`."""
        run.events.subscribe(self._profile.listen)
        session.progress = self._profile.following(session.progress)

    def hears(self, listener: Listener) -> Listener:
        """See :class:`Companion`."""
        return _Both(listener, self._profile)

    def leave(self, context: Context, outcomes: Mapping[TaskId, Outcome]) -> tuple[Mapping[str, Any], int]:
        """See :class:`Companion`.

        Raises:
            StorageFailure: The file cannot be written.
        """
        from hpmtasks.files.atomic import write_atomically
        from hpmtasks.files.failures import storage_failures

        del outcomes
        self._profile.stages_ended()
        with storage_failures("write", self._path):
            text = json.dumps(trace(self._profile.spans), separators=(",", ":"))
            write_atomically(self._path, text.encode(), durable=False)
        context.console.note(f"Profile: {self._path}, for https://ui.perfetto.dev or chrome://tracing.")
        return {"profile": str(self._path)}, 0
