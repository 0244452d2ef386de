"""graph: the few things of doit that every stage uses, and how its weak spots are kept away.

doit's own actions swap ``sys.stdout``, format strings and inspect signatures;
:class:`StageAction` does none of it. An exception in an ``uptodate`` callable ends
doit with a traceback; a :class:`StageTask` makes it "stale", and the action then says
what is wrong. Both cost a fraction of what doit's own do, as there are four for each
package. See "doit's corners" in ``docs/architecture.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
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


class _Freshness:
    """Whether a task is fresh, as doit asks for it: what cannot be told is stale.

    doit inspects the signature of what it asks, each time; here it finds it written down.
    """

    __slots__ = ("_is_fresh",)

    def __init__(self, is_fresh: Callable[[], bool]) -> None:
        self._is_fresh = is_fresh

    @property
    def __signature__(self) -> Any:
        """No arguments."""
        return _no_arguments()

    def __call__(self) -> bool:
        try:
            return self._is_fresh()
        except HpmError:
            return False


@cache
def _no_arguments() -> Any:
    from inspect import Signature  # only doit's own command line asks

    return Signature()


class _WithoutOptions(Task):  # type: ignore[misc]  # doit carries no types
    """A doit task that has no options; doit would ask getopt for them all the same."""

    def init_options(self, args: list[str] | None = None) -> list[str] | None:
        """See doit."""
        if args:
            rest: list[str] | None = super().init_options(args)
            return rest
        self.options: dict[str, Any] = {}
        return args


class StageTask(_WithoutOptions):
    """A doit task that is made without doit's twenty checks: a blank one, copied and filled in."""

    def __init__(
        self,
        name: str,
        action: StageAction,
        is_fresh: Callable[[], bool],
        *,
        doc: str,
        task_dep: Iterable[str],
        targets: Iterable[str],
        clean: Iterable[StageAction],
    ) -> None:
        own = self.__dict__
        own.update(_BLANK)
        for attribute, container in _CONTAINERS:
            own[attribute] = container()
        self.name = name
        self.doc = doc
        self.subtask_of = name.partition(":")[0] if ":" in name else None
        self.task_dep = list(task_dep)
        self.targets = list(targets)
        self.is_fresh = _Freshness(is_fresh)
        self.uptodate: list[Any] = [(self.is_fresh, [], {})]
        self._actions = self._action_instances = [action]
        self.clean_actions = list(clean)
        for each in (action, *self.clean_actions):
            each.task = self


_BLANK = vars(Task("blank", [], io={"capture": False}, verbosity=2))
# What two tasks must not share.
_CONTAINERS = [(name, type(value)) for name, value in _BLANK.items() if isinstance(value, (dict, list, set))]


def stage_task(
    session: Session,
    name: str,
    *,
    doc: str,
    work: Callable[[], Record],
    is_fresh: Callable[[], bool],
    task_dep: Iterable[str] = (),
    targets: Iterable[str] = (),
    clean: Iterable[tuple[Callable[..., object], Sequence[Any]]] = (),
) -> Task:
    """A doit task that does *work* unless *is_fresh*; both see the world when doit reaches the task.

    Args:
        doc: One line.
        targets: Relative to the project's root.
        clean: Functions, each with its arguments, that undo the work.
    """
    return StageTask(
        name,
        StageAction(session, work),
        is_fresh,
        doc=doc,
        task_dep=task_dep,
        targets=[session.project.as_typed(target) for target in targets],
        clean=[StageAction(session, _cleaning(*each)) for each in clean],
    )


def _cleaning(function: Callable[..., object], arguments: Sequence[Any]) -> Callable[[], Record]:
    def work() -> Record:
        function(*arguments)
        return {}

    return work


def group(name: str, members: Iterable[str], doc: str) -> Task:
    """The task *name* that stands for all its *members*."""
    return _WithoutOptions(name, None, task_dep=list(members), doc=doc, has_subtask=True)


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
        yield _WithoutOptions(name, None, loader=loader, doc=f"known once {after} has run")


def failing_task(name: str, error: HpmError) -> Task:
    """A task that says *error*: what could not even be laid out fails when it is asked for, not before."""

    def fail() -> TaskFailed:
        return TaskFailed(str(error))

    return Task(name, [fail], io={"capture": False}, verbosity=2, doc="cannot be laid out")
