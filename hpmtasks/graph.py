"""graph: the few things of doit that every stage uses, and how its weak spots are kept away.

doit's own actions swap ``sys.stdout``, format strings and inspect signatures;
:class:`StageAction` does none of it. An exception in an ``uptodate`` callable ends
doit with a traceback; :func:`stage_task` makes it "stale", and the action then says
what is wrong. See "doit's corners" in ``docs/architecture.md``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from hpmtasks.doit_core import BaseAction, DelayedLoader, InvalidCommand, Task, TaskError, TaskFailed
from hpmtasks.errors import HpmError
from hpmtasks.session import Session

#: What a stage leaves for doit to keep: a plain JSON object. Empty is not "nothing was left".
Record = Mapping[str, Any]


class StageAction(BaseAction):  # type: ignore[misc]  # doit carries no types
    """One stage's work as a doit action: the project's mutex is held, failures are sentences."""

    def __init__(self, session: Session, work: Callable[[], Record]) -> None:
        self.session = session
        self.work = work
        self.task: Task | None = None
        self.out: str | None = None
        self.err: str | None = None
        self.result: None = None
        self.values: dict[str, Any] = {}

    def execute(self, out: object = None, err: object = None) -> TaskFailed | TaskError | None:
        """Do the work; the values are the record, or the outcome is the failure."""
        del out, err  # nothing here prints
        try:
            self.session.enter()
            self.values = dict(self.work())
        except HpmError as error:
            self.session.failures.append(error)
            return TaskFailed(str(error))
        except Exception as error:  # noqa: BLE001  a defect: the whole story goes to whoever reports it
            self.session.defect = error
            return TaskError(f"hpm failed: {type(error).__name__}: {error}", error)
        return None

    def __str__(self) -> str:
        return f"{self.task.name if self.task else 'a stage'} of hpm"


def stage_task(
    session: Session,
    name: str,
    *,
    doc: str,
    work: Callable[[], Record],
    is_fresh: Callable[[], bool],
    task_dep: Iterable[str] = (),
    targets: Sequence[str] = (),
    clean: Sequence[tuple[Callable[..., object], Sequence[Any]]] = (),
) -> Task:
    """A doit task that does *work* unless *is_fresh*; both see the world when doit reaches the task.

    Args:
        targets: Absolute paths.
        clean: Functions, each with its arguments, that undo the work.
    """

    def uptodate() -> bool:
        try:
            return is_fresh()
        except HpmError:
            return False

    return Task(
        name,
        [StageAction(session, work)],
        doc=doc,
        uptodate=[uptodate],
        task_dep=list(task_dep),
        targets=[_as_typed(session, target) for target in targets],
        clean=[StageAction(session, _cleaning(*each)) for each in clean],
        io={"capture": False},
        verbosity=2,
        subtask_of=name.partition(":")[0] if ":" in name else None,
    )


def _as_typed(session: Session, target: str) -> str:
    """*target* as one types it in the project's root, which is where doit is run.

    Elsewhere it stays absolute, because doit looks for it from the current folder.
    """
    root = str(session.project.root)
    try:
        is_here = os.getcwd() == root
    except FileNotFoundError:  # hpm -C, from a folder that is gone
        return target
    return target.removeprefix(f"{root}/") if is_here else target


def _cleaning(function: Callable[..., object], arguments: Sequence[Any]) -> Callable[[], Record]:
    def work() -> Record:
        function(*arguments)
        return {}

    return work


def group(name: str, members: Iterable[str], doc: str) -> Task:
    """The task *name* that stands for all its *members*."""
    return Task(name, None, task_dep=list(members), doc=doc, has_subtask=True)


class _Asked(dict[str, Any]):
    """What doit looks up in a loader for each placeholder: it notes for which.

    A placeholder that still has its loader when that has run is one that nothing was laid for.
    """

    def __init__(self, loader: DelayedLoader) -> None:
        super().__init__()
        self._loader = loader
        self.missing: list[str] = []

    def get(self, name: str, default: Any = None) -> Any:
        if name not in self and ":" in name:
            if self._loader.created:
                raise InvalidCommand(not_found=name)
            self.missing.append(name)
        return super().get(name, default)


def placeholders(
    session: Session,
    lay: Callable[[], Iterator[Task]],
    *,
    after: str,
    names: Sequence[str],
    paths: str | None,
) -> Iterator[Task]:
    """A task for each of *names* in the place of what *lay* lays once the task *after* has run.

    doit takes NAME:ANYTHING for a part of a placeholder, and would pass in silence over one that
    is not laid in the end; here it is a task that does not exist, as it is where all tasks are known.

    Args:
        paths: A pattern for the targets that may be asked for before they are known.
    """

    def checked() -> Iterator[Task]:
        laid = set()
        for task in lay():
            laid.add(task.name)
            yield task
        unknown = [name for name in asked.missing if name not in laid]
        if unknown and session.resolution is not None:  # else *after* has failed, and says so itself
            raise InvalidCommand(not_found=unknown[0])

    loader = DelayedLoader(checked, executed=after, creates=names, target_regex=paths)
    loader.regex_groups = asked = _Asked(loader)
    for name in names:
        yield Task(name, None, loader=loader, doc=f"known once {after} has run")


def failing_task(name: str, error: HpmError) -> Task:
    """A task that says *error*: what could not even be laid out fails when it is asked for, not before."""

    def fail() -> TaskFailed:
        return TaskFailed(str(error))

    return Task(name, [fail], io={"capture": False}, verbosity=2, doc="cannot be laid out")
