"""engine: doit as a library: a graph in, what ran out.

``hpm`` uses doit's control and runner without its command line, whose plugin scans
cost more than a whole no-op. Both see the same tasks and the same state, so what
one did the other need not do again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from hpmtasks.dataclass import dataclass, field
from hpmtasks.doit_core import (
    SUCCESS,
    Dependency,
    DependencyStatus,
    ExecNode,
    Runner,
    Stream,
    Task,
    TaskControl,
    TaskDispatcher,
)
from hpmtasks.errors import Defect
from hpmtasks.graph import StageTask
from hpmtasks.pipeline import INSTALL, Prove, installation, prover
from hpmtasks.project.checker import ContentChecker
from hpmtasks.project.state import DoitBackend
from hpmtasks.session import Session
from hpmtasks.session.known import remember


@dataclass(slots=True)
class Outcome:
    """What a run did, by task name in the order it happened."""

    ran: list[str] = field(default_factory=list)
    fresh: list[str] = field(default_factory=list)


class Listener(Protocol):
    """Told what happens while it happens; a progress display, or nobody."""

    def task_began(self, name: str) -> None:
        """*name* is stale and being done."""
        ...

    def task_was_fresh(self, name: str) -> None:
        """*name* needs nothing."""
        ...


def install(session: Session, listener: Listener) -> Outcome:
    """``hem_modules`` and the lock are what package.json asks for.

    Raises:
        HpmError: The first failure in graph order. The manifest and the lock are as they were.
    """
    session.enter()
    try:
        outcome = _run(session, [INSTALL], lambda proves: installation(session, proves), listener)
        if outcome.ran:
            remember(session)
        return outcome
    finally:
        session.close()


def install_for_scripts(session: Session, listener: Listener) -> None:
    """As :func:`install`, but nobody else has to wait while there is nothing to do.

    The mutex is taken by the first stage that works, and free again at the end; the session stays open.

    Raises:
        HpmError: The first failure in graph order.
    """
    _run(session, [INSTALL], lambda proves: installation(session, proves), listener)


def _run(
    session: Session,
    selection: Sequence[str],
    lay: Callable[[Prove], Iterable[Task]],
    listener: Listener,
) -> Outcome:
    """The tasks that *lay* makes ran, as far as *selection* needs them."""
    backend = DoitBackend.over(session.state)
    dep_manager = _Judge(
        lambda name, codec, module_name: backend, str(session.project.state_path), checker_cls=ContentChecker
    )
    dep_manager.checker.use(session.state.files)
    control = TaskControl(list(lay(prover(dep_manager))))
    control.process(list(selection))
    witness = _Witness(listener)
    runner = Runner(dep_manager, witness, stream=Stream(2))
    result = runner.run_all(_Dispatcher(control.tasks, control.targets, control.selected_tasks))
    if session.failures:
        raise session.failures[0]
    if session.defect is not None:
        raise session.defect
    if witness.runtime_errors or result != SUCCESS:
        raise Defect(f"The task graph failed: {'; '.join(witness.runtime_errors) or witness.failed}")
    return witness.outcome


class _Judge(Dependency):  # type: ignore[misc]  # doit carries no types
    """doit's judge of what is fresh; where only the question of a stage counts, nothing else is looked at."""

    def get_status(self, task: Task, tasks_dict: Mapping[str, Task], get_log: bool = False) -> Any:
        """See doit: a task is fresh if all that stands in ``uptodate`` says so, and its targets are there."""
        if get_log or type(task) is not StageTask:
            return super().get_status(task, tasks_dict, get_log)
        task.dep_changed = []
        status = DependencyStatus(get_log)
        if not task.is_fresh() or not all(map(self.checker.exists, task.targets)):
            status.status = "run"
        return status


class _Dispatcher(TaskDispatcher):  # type: ignore[misc]  # doit carries no types
    """doit's dispatcher with one order: tasks that wait for the same task go on as they are laid.

    doit keeps them in a set, so the first of several failures would be another one each time.
    """

    def _gen_node(self, parent: ExecNode | None, task_name: str) -> ExecNode | None:
        node = super()._gen_node(parent, task_name)
        if node is not None:
            node.waiting_me = _InOrder()
        return node


class _InOrder(dict[Any, None]):
    """A set of doit's, as far as doit uses it, that remembers the order."""

    def add(self, node: Any) -> None:
        """*node* is in it."""
        self[node] = None


class _Witness:
    """A doit reporter that prints nothing: it remembers, and passes on what begins."""

    desc = "remembers what ran"

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.outcome = Outcome()
        self.failed: list[str] = []
        self.runtime_errors: list[str] = []

    def initialize(self, tasks: Any, selected_tasks: Any) -> None:
        """Nothing to prepare."""

    def get_status(self, task: Task) -> None:
        """Nothing to tell before the verdict."""

    def execute_task(self, task: Task) -> None:
        """A stale task begins; groups have no actions and do not count."""
        if task.actions:
            self.outcome.ran.append(task.name)
            self.listener.task_began(task.name)

    def skip_uptodate(self, task: Task) -> None:
        """A task is fresh."""
        self.outcome.fresh.append(task.name)
        self.listener.task_was_fresh(task.name)

    def skip_ignore(self, task: Task) -> None:
        """The user told doit to ignore it."""
        self.outcome.fresh.append(task.name)

    def add_success(self, task: Task) -> None:
        """Nothing to tell: the record is kept by doit."""

    def add_failure(self, task: Task, fail: Any) -> None:
        """The failure itself stands in the session."""
        del fail
        self.failed.append(task.name)

    def cleanup_error(self, exception: Any) -> None:
        """No task has a teardown."""

    def teardown_task(self, task: Task) -> None:
        """No task has a teardown."""

    def runtime_error(self, msg: str) -> None:
        """doit itself gave up."""
        self.runtime_errors.append(msg)

    def complete_run(self) -> None:
        """Whoever called says how it ended."""
