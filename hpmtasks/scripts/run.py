"""run: the scripts that were asked for, with all that they need, and everybody who has a part in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from hpmtasks.dataclass import dataclass, field
from hpmtasks.scripts.children import Children
from hpmtasks.scripts.digests import FileDigests
from hpmtasks.scripts.events import Events, Outcome
from hpmtasks.scripts.perform import Manner, ScriptPerformer
from hpmtasks.scripts.schedule import Schedule
from hpmtasks.scripts.tasks import ScriptTask, TaskId

if TYPE_CHECKING:
    from hpmtasks.session import Session
    from hpmtasks.store.results.result_store import ResultStore


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How scripts are to be run.

    Attributes:
        jobs: How many at once; ``None``: as many as there are processors.
        keep_going: A failure stops only what needs the task that failed.
        pools: How many places each pool has.
        manner: How each of them is performed.
    """

    jobs: int | None = None
    keep_going: bool = False
    pools: Mapping[str, int] = field(default_factory=dict)
    manner: Manner = field(default_factory=Manner)


class ScriptRun:
    """One run: nothing happens until :meth:`begin`.

    Args:
        tasks: All that may be settled, each after what it needs.
        asked: What was asked for by name.
        results: What scripts have made before; closed by the run.
        before: Called when the installation is done and the first script is about to begin.
        takes_signals: Whether signals are passed on to scripts from then on, and not only while somebody
            waits for one.
    """

    def __init__(
        self,
        session: Session,
        tasks: Mapping[TaskId, ScriptTask],
        asked: Sequence[TaskId],
        options: RunOptions,
        results: ResultStore,
        *,
        before: Callable[[], None] = lambda: None,
        takes_signals: bool = False,
    ) -> None:
        self.tasks = tasks
        self.asked = tuple(asked)
        self.keep_going = options.keep_going
        self.events = Events()
        self.children = Children()
        self._before = before
        self._takes_signals = takes_signals
        self._entered = ExitStack()
        self._has_begun = False
        self._is_closed = False
        self._results = results
        self._evidence = options.manner.evidence
        self._digests = FileDigests.of(session.project)
        self.performer = ScriptPerformer(
            session,
            tasks,
            options.manner,
            events=self.events,
            children=self.children,
            digests=self._digests,
            results=results,
            asked=self.asked,
        )
        self.schedule = Schedule(
            tasks,
            self.performer,
            self.events,
            jobs=options.jobs,
            pools=options.pools,
            asked=self.asked,
            keep_going=options.keep_going,
        )
        self.children.on_ask(lambda: self.schedule.stop("the run was interrupted"))

    def begin(self) -> None:
        """What was asked for is being settled."""
        if not self._has_begun:
            self._has_begun = True
            self._before()
            if self._takes_signals:
                self._entered.enter_context(self.children.take_signals())
            self.schedule.require(self.asked)

    def is_fresh(self, task: TaskId) -> bool:
        """Whether there was nothing to do for *task*; waits until that is known."""
        self.begin()
        config = self.tasks[task].config
        if config.command is not None and not config.is_kept:
            return False  # it is begun when doit has said so, unless it was asked for before
        return self.schedule.verdict(task)

    def outcome(self, task: TaskId) -> Outcome:
        """How *task* ended; waits until it has. Signals that come meanwhile are passed on to scripts."""
        self.begin()
        with self.children.take_signals():
            return self.schedule.outcome(task)

    def finish(self) -> dict[TaskId, Outcome]:
        """How every task ended that was to be settled, in graph order, when none of them runs any more."""
        with self.children.take_signals():
            outcomes = self.schedule.finish()
            self.performer.services.close()
            if self._evidence is not None and not self.children.asked:
                self._evidence.complete(self.tasks, outcomes, self.performer.is_fresh_after_all)
        return outcomes

    def close(self, *, is_preview: bool = False) -> None:
        """Nothing of the run is left: no service, no process; what was found out is written.

        Args:
            is_preview: Nothing was to be done, so nothing is written either.
        """
        if self._is_closed:
            return
        self._is_closed = True
        with self._entered:
            self.performer.services.close()
            self.children.close()
            if not is_preview:
                self._digests.save()
            self._results.close()
