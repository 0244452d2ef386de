"""perform: a task is found fresh, or restored from a result, or it runs; its record and result are kept.

A result is kept of a run only if it succeeded, left what is declared, and everything that it
depends on was the same after it as before.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from hpmtasks.dataclass import dataclass, replace
from hpmtasks.errors import HpmError
from hpmtasks.files.sightings import Sightings
from hpmtasks.scripts.environment import Mode, environment_of, told
from hpmtasks.scripts.events import Events, Note, Outcome, Output, Started, Stream
from hpmtasks.scripts.execution import Command, Execution
from hpmtasks.scripts.key import FORMAT, Key, Keys
from hpmtasks.scripts.log import Log, replay
from hpmtasks.scripts.news import News
from hpmtasks.scripts.outputs import UnusableOutputs, collect
from hpmtasks.scripts.process import Exit, Launch
from hpmtasks.scripts.reason import difference
from hpmtasks.scripts.record import FOLDER, Record, Recorded, Records
from hpmtasks.scripts.restore import restore
from hpmtasks.scripts.schedule import Stale
from hpmtasks.scripts.service import ServiceFailed, Services
from hpmtasks.scripts.shells import argv_of
from hpmtasks.scripts.stale_outputs import clear
from hpmtasks.scripts.standing import find, match
from hpmtasks.session.copies import foresee, refresh
from hpmtasks.session.once import once
from hpmtasks.store.results.digest import Digest
from hpmtasks.store.results.result_store import BlobMissing, ContentChanged

if TYPE_CHECKING:
    from hpmtasks.model.package import PackageName
    from hpmtasks.project.workspace import Member
    from hpmtasks.scripts.children import Children
    from hpmtasks.scripts.digests import FileDigests
    from hpmtasks.scripts.evidence import Evidence
    from hpmtasks.scripts.tasks import ScriptTask, TaskId
    from hpmtasks.session import Session
    from hpmtasks.store.results.result import ActionResult
    from hpmtasks.store.results.result_store import ResultStore


_WITHOUT_RESULT = {
    "failed": "it failed the last time",
    "running": "its last run did not end",
    "ran": "its inputs changed while it ran",
    "restored": "its result is not known",
}


@dataclass(frozen=True, slots=True)
class Manner:
    """How tasks are to be performed.

    Attributes:
        force: Run everything that is kept anew, whatever is known of it.
        environment: Which variables reach described tasks.
        has_terminal: Which task has the terminal to itself when it runs, if it is not kept.
        is_preview: Tasks are only judged; nothing is written.
        launched: What is started for a command of a task in the place of what would be.
        evidence: Given what fresh tasks were found so by.
    """

    force: bool = False
    environment: Mode = "strict"
    has_terminal: Collection[TaskId] | None = ()
    is_preview: bool = False
    launched: Callable[[ScriptTask, Launch], Launch] = lambda task, launch: launch
    evidence: Evidence | None = None


class ScriptPerformer:
    """Knows what each task is; the schedule knows when.

    Args:
        tasks: All that may be asked for.
        digests: What files hold.
        results: What scripts have made before.

    Attributes:
        had_terminal: The tasks that ran in the foreground.
    """

    def __init__(
        self,
        session: Session,
        tasks: Mapping[TaskId, ScriptTask],
        manner: Manner,
        *,
        events: Events,
        children: Children,
        digests: FileDigests,
        results: ResultStore,
        asked: Collection[TaskId],
    ) -> None:
        self._session = session
        self._tasks = tasks
        self._manner = manner
        self._events = events
        self._children = children
        self._digests = digests
        self._results = results
        self.asked = frozenset(asked)
        self.had_terminal: set[TaskId] = set()
        self._judged_by: dict[TaskId, Key] = {}
        self._news = News(tasks)
        self._copies = _Copies(session, foresee if manner.is_preview else refresh)
        self._root = f"{session.project.root}/"
        self.records = Records(session.project)
        self.services = Services(tasks, self._execution, events)

    @once
    def _keys(self) -> Keys:
        """Made with the first key: who keeps nothing of scripts need not have a complete package.json."""
        environ = self._session.settings.environ
        return Keys(self._session, self._tasks, self._digests, environ, self._manner.environment)

    # ---- what the schedule asks

    def judge(self, task: ScriptTask) -> Outcome | Stale:
        """See :class:`~hpmtasks.scripts.schedule.Performer`."""
        if task.config.command is None:
            self._news.reached(task)
            return Outcome("fresh")  # it stands for others
        if not task.config.is_kept:
            return Stale("nothing is kept of it")
        if self._manner.force:
            return Stale("it was to be run in any case")
        if self._is_fresh_as_before(task):
            return Outcome("fresh", seconds=self.seconds_of(task.id) or 0.0)
        return self._judged_by_record(task)

    def _judged_by_record(self, task: ScriptTask) -> Outcome | Stale:
        record = self.records.get(task.id)
        if record is None:
            return Stale("nothing is known of an earlier run")
        seen = Sightings(self.records.opened_ns) if self._manner.evidence is not None else None
        key = self._key(task, seen)
        reason = self._why_stale(task, record, key, seen)
        if reason:
            self._judged_by[task.id] = key
            return Stale(reason)
        self._add_evidence(task, seen, record.seconds)
        if task.id in self.asked and record.result is not None:
            self._replay(task, record.result)
        return Outcome("fresh", seconds=record.seconds)

    def is_fresh_after_all(self, task: ScriptTask) -> bool:
        """Whether *task*, which may have done something, has nothing to do now; nothing is told of it."""
        seen = Sightings()
        record = self.records.get_anew(task.id)
        try:
            if record is None or self._why_stale(task, record, self._keys.of(task, seen), seen):
                return False
        except HpmError:
            return False
        self._add_evidence(task, seen, record.seconds)
        return True

    def _add_evidence(self, task: ScriptTask, seen: Sightings | None, seconds: float) -> None:
        if seen is not None and self._manner.evidence is not None:
            self.records.show(task.id, seen)
            self._manner.evidence.add(task.id, seen, seconds)

    def _is_fresh_as_before(self, task: ScriptTask) -> bool:
        """Whether what an earlier run has left shows that *task* is fresh, and nothing is to be printed.

        Nothing that it needs may have done anything in this run, and no member's task that may have
        changed what stands in hem_modules.
        """
        evidence = self._manner.evidence
        if evidence is None or self._news.reached(task) or self._news.is_elsewhere(task):
            return False
        return task.id not in self.asked and evidence.shows_still(task.id)

    def _why_stale(self, task: ScriptTask, record: Record, key: Key, seen: Sightings | None) -> str:
        """What there is to do for *task*, as a clause; empty if nothing, and *seen* is told why."""
        parts = _parts(key)
        # Equal parts make equal actions; to encode one costs more than all the rest.
        if record.key != parts and (
            self._has_other_packages(record, parts) or record.action != str(key.action)
        ):
            return difference(record.key, parts)
        if record.result is None:
            return _WITHOUT_RESULT[record.kind]
        return "" if self._stands(task, record.result, seen) else "its outputs are not as it left them"

    def _has_other_packages(self, record: Record, parts: Mapping[str, Any]) -> bool:
        """Whether packages would have other contents than the files that an action is made of."""
        return self._manner.is_preview and (record.key or {}).get("packages") != parts["packages"]

    def perform(self, task: ScriptTask) -> Outcome:
        """See :class:`~hpmtasks.scripts.schedule.Performer`."""
        self._news.happened(task)
        try:
            if task.config.persistent and not self._has_terminal(task):
                return self._run_service(task)
            outcome = self._perform_kept(task) if task.config.is_kept else self._run_plain(task)
        except ServiceFailed as failed:
            outcome = Outcome("failed", 1, reason=str(failed))
        if self._children.asked and not outcome.is_success and task.id not in self.had_terminal:
            return Outcome("failed", outcome.code, outcome.seconds, "it was interrupted")
        if outcome.is_success:
            self._copies.may_be_old(task)
        return outcome

    def may_be_restored(self, task: ScriptTask) -> bool:
        """Whether a result for *task* as everything is now is known to be there."""
        key, record = self._key(task), self.records.get(task.id)
        if self._manner.force or (record is not None and self._has_other_packages(record, _parts(key))):
            return False
        return self._results.get_result(key.action) is not None

    def seconds_of(self, task: TaskId) -> float | None:
        """See :class:`~hpmtasks.scripts.schedule.Performer`."""
        evidence = self._manner.evidence
        told = evidence.seconds_of(task) if evidence is not None else None
        if told is not None:
            return told or None
        record = self.records.get(task)
        return record.seconds if record is not None and record.seconds else None

    # ---- a task of which nothing is kept

    def _run_plain(self, task: ScriptTask) -> Outcome:
        began = self._events.clock()
        ended = self._run(task, None)
        outcome = self._outcome(ended, self._events.clock() - began)
        # A project that hpm has nothing else in is not written to for the sake of a history.
        if not self._children.asked and self._session.project.state_folder.is_dir():
            self._keep(task, None, Record(_recorded(outcome), outcome.code, outcome.seconds))
        return outcome

    def _run_service(self, task: ScriptTask) -> Outcome:
        """The service *task* was asked for by name: it runs until it ends."""
        began = self._events.clock()
        ended = self.services.start(task).await_end()
        return self._outcome(ended, self._events.clock() - began)

    # ---- a task of which a result is kept

    def _perform_kept(self, task: ScriptTask) -> Outcome:
        judged_by = self._judged_by.pop(task.id, None)
        if not self._manner.force:
            # What is given back may as well be of a moment ago; what runs reads what there is now.
            restored = self._restored(task, judged_by or self._key(task))
            if restored is not None:
                return restored
        return self._run_kept(task, self._key(task))

    def _restored(self, task: ScriptTask, key: Key) -> Outcome | None:
        """The outcome, if there is a result that could be given back as a whole."""
        result = self._results.get_result(key.action)
        if result is None:
            return None
        config = task.config
        record = self.records.get(task.id)
        known = self._not_ours(task, record)
        if known and not self._stands(task, result):
            return None  # it would replace, or take away, what may be somebody's work
        try:
            restore(result, self._results, task.member.folder, config.outputs, self._digest_of)
        except BlobMissing:
            return None
        except UnusableOutputs as unusable:
            self._note(task, str(unusable))
            return None
        if not (record is not None and record.result == result and record.action == str(key.action)):
            self._keep(task, key, Record("restored", seconds=result.seconds, result=result, foreign=known))
        self._replay(task, result)
        return Outcome("restored", seconds=result.seconds)

    def _run_kept(self, task: ScriptTask, key: Key) -> Outcome:
        before = self.records.get(task.id)
        not_ours = self._not_ours(task, before)
        seconds = before.seconds if before is not None else 0.0
        self._keep(task, key, Record("running", seconds=seconds, foreign=not_ours))
        if not not_ours:
            clear(task.member.folder, task.config.outputs)
        with Log(self._session.project.state_folder / FOLDER) as log:
            began = self._events.clock()
            outcome = self._outcome(self._run(task, log), self._events.clock() - began)
            result = None
            if outcome.is_success:
                try:
                    result = self._result(task, key, log, outcome.seconds, not_ours)
                except UnusableOutputs as unusable:
                    outcome = Outcome("failed", 1, outcome.seconds, str(unusable))
        if not self._children.asked or outcome.is_success:
            kept = Record(_recorded(outcome), outcome.code, outcome.seconds, result=result, foreign=not_ours)
            self._keep(task, key, kept)
        return outcome

    def _not_ours(self, task: ScriptTask, record: Record | None) -> tuple[str, ...]:
        """The files that its outputs' patterns take and that were there before its first run, and still are.

        A script that changes files in place has its sources there; giving back an earlier result
        would undo what was done to them since.
        """
        folder = task.member.folder
        if record is None:
            standing = find(folder, task.config.outputs)
            return tuple(sorted((*standing.files, *standing.links)))
        return tuple(path for path in record.foreign if os.path.lexists(folder / path))

    def _result(
        self, task: ScriptTask, key: Key, log: Log, seconds: float, not_ours: Sequence[str]
    ) -> ActionResult | None:
        """The result of a run, stored; ``None`` if what the task depends on was another afterwards.

        Nor is there one if among its outputs is what was there before, *not_ours*.
        """
        found = collect(task.member.folder, task.config.outputs, self._digest_of)
        after = self._key(task)
        if after.action != key.action:
            self._note(
                task, f"its result is not kept: while it ran, {difference(_parts(key), _parts(after))}"
            )
            return None
        if not_ours:
            self._note(
                task,
                f"its result is not kept: {not_ours[0]} was there before its first run, and may be yours;"
                " remove it if it is not, or leave it out of the outputs",
            )
            return None
        result = found.result(log, seconds)
        try:
            self._results.put(found.blobs(log))
        except ContentChanged:
            self._note(task, "its result is not kept: an output changed while it was stored")
            return None
        self._results.put_result(key.action, result)
        return result

    def _stands(self, task: ScriptTask, result: ActionResult, seen: Sightings | None = None) -> bool:
        return match(result, task.member.folder, task.config.outputs, self._digest_of, seen)

    def _replay(self, task: ScriptTask, result: ActionResult) -> None:
        try:
            replay(result, self._results, lambda stream, data: self._print(task, stream, data))
        except BlobMissing:
            self._note(task, "what it printed is not known any more")

    def _keep(self, task: ScriptTask, key: Key | None, record: Record) -> None:
        if key is not None:
            record = replace(record, action=str(key.action), key=_parts(key))
        self.records.put(task.id, replace(record, at=time.time()))

    def _key(self, task: ScriptTask, seen: Sightings | None = None) -> Key:
        if self._copies.refresh(task):
            self._keys.forget_packages()
        return self._keys.of(task, seen)

    def _digest_of(self, path: str, status: os.stat_result) -> Digest:
        found = self._digests.digest(path.removeprefix(self._root), status)
        return Digest(found.hash, found.size)

    # ---- running

    def _run(self, task: ScriptTask, log: Log | None) -> Exit:
        """How the commands of *task* ended; what it needs beside it ran meanwhile.

        Raises:
            ServiceFailed: A service that it needs did not.
            StorageFailure: A command could not be started.
        """
        execution = self._execution(task)
        with ExitStack() as services:
            for needed in self.services.needed_by(task):
                services.enter_context(self.services.start(needed).used(execution.stop))
            if log is None and self._has_terminal(task):
                self.had_terminal.add(task.id)
                return execution.run_in_foreground()
            return execution.run(lambda stream, data: self._printed(task, log, stream, data))

    def _printed(self, task: ScriptTask, log: Log | None, stream: Stream, data: bytes) -> None:
        if log is not None:
            log.write(stream, data)
        self._print(task, stream, data)

    def _execution(self, task: ScriptTask) -> Execution:
        """The commands of *task*, with everything that they are told."""
        config, member, session = task.config, task.member, self._session
        common = environment_of(config, session.settings.environ, self._manner.environment)
        programs = session.project.modules / ".bin"
        if programs.is_dir():
            common["PATH"] = os.pathsep.join(filter(None, (str(programs), common.get("PATH"))))
        commands = [
            Command(
                step.line,
                self._manner.launched(
                    task,
                    Launch(
                        argv_of(config.shell, step.line),
                        member.folder,
                        {**common, **told(session.project.root, member, step.script)},
                    ),
                ),
            )
            for step in task.steps
        ]
        return Execution(commands, self._children, lambda line: self._begin(task, line), config.timeout)

    def _has_terminal(self, task: ScriptTask) -> bool:
        chosen = self._manner.has_terminal
        return not task.config.is_kept and (chosen is None or task.id in chosen)

    def _outcome(self, ended: Exit, seconds: float) -> Outcome:
        if ended.is_timed_out:
            return Outcome("failed", ended.code, seconds, "it did not end in time, and was stopped")
        return Outcome("failed" if ended.code else "ran", ended.code, seconds)

    # ---- telling

    def _begin(self, task: ScriptTask, line: str) -> None:
        self._events.publish(Started(task.id, self._events.clock(), line))

    def _print(self, task: ScriptTask, stream: Stream, data: bytes) -> None:
        self._events.publish(Output(task.id, self._events.clock(), stream, data))

    def _note(self, task: ScriptTask, sentence: str) -> None:
        self._events.publish(Note(task.id, self._events.clock(), sentence))


class _Copies:
    """Members stand in hem_modules as copies: they are brought up to date before a task reads them.

    Looking at a member costs reading it, so it is done once, and again when one of its tasks has
    done something.
    """

    def __init__(
        self, session: Session, refresh: Callable[[Session, Member], Collection[PackageName]]
    ) -> None:
        self._session = session
        self._refresh = refresh
        self._mutex = threading.Lock()
        self._fresh: set[str] = set()

    def refresh(self, task: ScriptTask) -> bool:
        """What the member of *task* requires stands as it is now; whether a copy had to be made.

        Raises:
            StorageFailure: A copy cannot be made.
        """
        path = task.member.path
        with self._mutex:
            if path in self._fresh or not self._session.workspace.members:
                return False
            self._fresh.add(path)
        return bool(self._refresh(self._session, task.member))

    def may_be_old(self, task: ScriptTask) -> None:
        """A task of a member has left something; whoever requires the member looks again."""
        with self._mutex:
            self._fresh &= {task.member.path}


def _parts(key: Key) -> dict[str, Any]:
    """The parts of *key*, and what a key means to this hpm."""
    return {"format": FORMAT, **key.parts()}


def _recorded(outcome: Outcome) -> Recorded:
    return "ran" if outcome.is_success else "failed"
