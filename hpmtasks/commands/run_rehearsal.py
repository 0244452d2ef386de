"""run_rehearsal: what a run of scripts would print in which every task is fresh, without running it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, NoReturn, cast

from hpmtasks.commands.running import named_tasks, showing_of
from hpmtasks.files.sightings import Sightings
from hpmtasks.scripts.display import Display, summary
from hpmtasks.scripts.events import Ended, Events, Outcome, Output, Stream
from hpmtasks.scripts.log import replay
from hpmtasks.scripts.schedule import Schedule
from hpmtasks.store.results.digest import EMPTY
from hpmtasks.store.results.folder import FolderResults
from hpmtasks.store.results.result_store import BlobMissing

if TYPE_CHECKING:
    from hpmtasks.commands.command import Context
    from hpmtasks.front.runs import Said
    from hpmtasks.scripts.run import ScriptRun
    from hpmtasks.scripts.tasks import ScriptTask, TaskId


class Rehearsal:
    """A run in which all is fresh: what it prints is listened to.

    Args:
        results: What tasks printed.

    Attributes:
        seen: Told of what is printed once more.
    """

    def __init__(self, run: ScriptRun, results: FolderResults) -> None:
        self.seen = Sightings()
        self._run = run
        self._results = results
        self._events = Events()
        self._is_missing = False

    def listen(self, context: Context, paint: Callable[[str, int], str]) -> Said:
        """What is printed, with names as *paint* has them; filled by :meth:`is_all_known`."""
        said: Said = []
        out, err = (cast("BinaryIO", _Stream(said, number)) for number in (1, 2))
        showing = showing_of(self._run, context.arguments.output, context.console, paint)
        self._events.subscribe(Display(out, err, showing, asked=named_tasks(self._run)))
        return said

    def is_all_known(self) -> bool:
        """The run has been rehearsed; whether all that scripts printed is known."""
        named = named_tasks(self._run)
        if len(named) > 1:  # their order is that in which they would be judged
            schedule = Schedule(self._run.tasks, self, self._events, asked=self._run.asked)
            schedule.require(self._run.asked)
            schedule.finish()
        else:
            for id_ in named:
                self._events.publish(Ended(id_, 0.0, self.judge(self._run.tasks[id_])))
        return not self._is_missing

    def judge(self, task: ScriptTask) -> Outcome:
        """*task* is fresh; if it was asked for, it prints what it printed."""
        record = self._run.performer.records.get(task.id) if task.id in self._run.asked else None
        if record is not None and record.result is not None:
            result = record.result
            for digest in {result.stdout, result.stderr} - {EMPTY}:
                self.seen.look(os.fspath(self._results.layout.blob(digest.hash)))
            try:
                replay(result, self._results, lambda stream, data: self._print(task, stream, data))
            except BlobMissing:
                self._is_missing = True
        return Outcome("fresh")

    def perform(self, task: ScriptTask) -> NoReturn:
        """Nothing is performed."""
        raise AssertionError(task.id)

    def seconds_of(self, task: TaskId) -> float | None:
        """See :class:`~hpmtasks.scripts.schedule.Performer`."""
        return self._run.performer.seconds_of(task)

    def _print(self, task: ScriptTask, stream: Stream, data: bytes) -> None:
        self._events.publish(Output(task.id, 0.0, stream, data))


class _Stream:
    """As much of a binary stream as a display needs; what is written is *said*."""

    def __init__(self, said: Said, number: int) -> None:
        self._said = said
        self._number = number

    def write(self, data: bytes) -> None:
        self._said.append((self._number, data))

    def flush(self) -> None:
        """Nothing is held back."""


def last_line(run: ScriptRun) -> bytes:
    """What is said in the end, up to the seconds."""
    ended = {
        id_: Outcome("fresh" if task.config.is_kept else "service")
        for id_, task in run.tasks.items()
        if task.steps
    }
    return summary(ended, 0, (), 0).removesuffix("0.0s").encode()
