"""run_watch: ``hpm run --watch``: tasks are settled again whenever something that they go by changes."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from hpmtasks.commands.command import Context
from hpmtasks.commands.companions import Companion
from hpmtasks.commands.running import interruption
from hpmtasks.dataclass import dataclass, field
from hpmtasks.errors import HpmError, Interrupted
from hpmtasks.scripts.events import Ended, Event, Started
from hpmtasks.scripts.watch import Batch, OwnChanges, Watcher, told_batch, watching
from hpmtasks.scripts.watched import Watched

if TYPE_CHECKING:
    from hpmtasks.scripts.run import ScriptRun
    from hpmtasks.scripts.tasks import TaskId
    from hpmtasks.session import Session

#: What changes so soon after a service has started may be its own doing.
_SETTLING_SECONDS = 1.0
# What services are asked to end with that are to be started again.
_RESTARTING = signal.SIGTERM


@dataclass
class _Round:
    """What is going on; events come from other threads."""

    run: ScriptRun
    busy: set[TaskId] = field(default_factory=set)
    has_services: bool = False
    started_at: float = 0.0
    is_over: bool = False

    def listen(self, event: Event) -> None:
        """A task begins or ends."""
        match event:
            case Started(task):
                if self.run.tasks[task].config.persistent:
                    self.started_at = time.monotonic()
                else:
                    self.busy.add(task)
            case Ended(task):
                self.busy.discard(task)
            case _:
                pass

    @property
    def may_change_files(self) -> bool:
        """Whether what changes now may be a script's doing."""
        return bool(self.busy) or time.monotonic() - self.started_at < _SETTLING_SECONDS


def watch_tasks(context: Context, settle: Callable[[Companion], int]) -> NoReturn:
    """*settle* is called now, and again after each change; a signal ends it.

    A service that was asked for runs until something changes, and is started again then.

    Args:
        settle: Settles the tasks, as package.json is at that moment; its result does not matter.

    Raises:
        HpmError: The first round is not possible, or the files cannot be watched.
        Interrupted: The user has seen enough.
    """
    _Watch(context, settle).go()


class _Watch(Companion):
    """The rounds, one after another."""

    def __init__(self, context: Context, settle: Callable[[Companion], int]) -> None:
        self._context = context
        self._settle = settle
        self._own = OwnChanges()
        self._watched = Watched((), ())
        self._round: _Round | None = None
        self._restarts = False
        self._mutex = threading.Lock()
        self._waiting: set[str] = set()

    def go(self) -> NoReturn:
        """Round by round."""
        console, root = self._context.console, self._context.project.root
        with watching(root, self._counts) as watcher:
            watcher.on_batch = lambda: self._changed_meanwhile(watcher)
            self._settle_once(is_first=True)
            while True:
                # What changed until now may be the scripts' doing; what comes later is not.
                self._take(watcher.catch_up())
                if not self._waiting:
                    console.note("Watching; Ctrl-C ends it.")
                while not self._waiting:
                    self._waiting |= self._own.between(watcher.wait())
                console.note(f"\n{told_batch(frozenset(self._waiting))}.")
                self._waiting.clear()
                self._settle_once(is_first=False)

    def _counts(self, path: str) -> bool:
        return self._watched.counts(path)

    # ---- a round

    def _settle_once(self, *, is_first: bool) -> None:
        self._restarts = False
        try:
            self._settle(self)
        except Interrupted:
            if not self._restarts:
                raise
        except HpmError as error:
            if is_first:
                raise
            self._context.console.note(f"Error: {error}")
        finally:
            with self._mutex:
                if self._round is not None:
                    self._round.is_over = True
        self._heed_signals()

    def _heed_signals(self) -> None:
        """A signal ends the watching also if it came when nothing was left of the round to be ended.

        Raises:
            Interrupted: There was one that was not this watch's own.
        """
        asked = list(self._round.run.children.asked) if self._round is not None else []
        if self._restarts and _RESTARTING in asked:
            asked.remove(_RESTARTING)
        if asked:
            raise interruption(asked[0])

    def join(self, run: ScriptRun, session: Session) -> None:
        """See :class:`Companion`."""
        self._round = _Round(run)
        self._round.has_services = any(run.tasks[task].config.persistent for task in run.asked)
        run.events.subscribe(self._round.listen)
        members = tuple(member.path for member in session.workspace.members)
        self._watched = Watched(list(run.tasks.values()), members)

    # ---- changes while a round goes on

    def _changed_meanwhile(self, watcher: Watcher) -> None:
        """Another thread says that something changed: services that were asked for are ended."""
        with self._mutex:
            now = self._round
            if now is None or now.is_over or not now.has_services:
                return
            self._take(watcher.pending())
            if self._waiting and not self._restarts:
                self._restarts = True
                now.run.children.ask(_RESTARTING)

    def _take(self, batch: Batch) -> None:
        """*batch* came during a round, or right behind it; part of it may be the scripts' doing."""
        now = self._round
        if now is not None and not now.is_over and not now.may_change_files:
            self._waiting |= self._own.between(batch)
            return
        heeded, passed_over = self._own.during(batch)
        self._waiting |= heeded
        for path in sorted(passed_over):
            self._context.console.warning(
                f"{path} is changed by the scripts themselves, and is passed over from now on."
                f' Name it under "outputs", or take it out of "inputs" with "!{path}".'
            )
