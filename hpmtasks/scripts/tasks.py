"""tasks: the scripts that are asked for, and everything that they need, as a graph laid before it runs.

A task is one script of one member of the workspace. What it needs stands in ``dependsOn`` of
its package.json: another task of the same member (``codegen``), one task of another member
(``acme/app#build``), or the task of the same name in every member that its own member requires
(``^build``; where one of those has no such task, those that it requires are asked in its place).
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Self

from hpmtasks.dataclass import dataclass, replace
from hpmtasks.errors import CircularDependency, HpmError, InvalidManifest, NotInProject, ScriptNotFound, Usage
from hpmtasks.model.task_config import TaskConfig

if TYPE_CHECKING:
    from hpmtasks.project.workspace import Member, Workspace

_MOST_NAMED = 20


class CircularTasks(CircularDependency):
    """Tasks depend on each other in a circle.

    Attributes:
        cycle: The tasks on it; the first is repeated at the end.
    """

    kind = "circular-tasks"
    code = "HPM082"

    def __init__(self, cycle: Sequence[TaskId]) -> None:
        names = [str(task) for task in cycle]
        way_out = (
            "It depends on itself; take it out of its own dependsOn in package.json."
            if len(cycle) == 2
            else "One of them has to stop depending on the next; what they depend on stands under dependsOn"
            " in package.json."
        )
        HpmError.__init__(self, f"Tasks depend on each other: {' → '.join(names)}\n\n{way_out}")
        self.cycle = tuple(names)


@dataclass(frozen=True, slots=True)
class Step:
    """One command of a script: its name in package.json, and the line that the shell gets."""

    script: str
    line: str


def steps_of(scripts: Mapping[str, str], script: str, arguments: Sequence[str] = ()) -> list[Step]:
    """What runs for *script*: its ``pre`` script if there is one, itself, its ``post`` script.

    *arguments* are given to the script itself, each as one word whatever is in it.
    """
    found = []
    for name in (f"pre{script}", script, f"post{script}"):
        if name in scripts:
            words = [scripts[name], *(map(_quoted, arguments) if name == script else ())]
            found.append(Step(name, " ".join(words)))
    return found


def _quoted(word: str) -> str:
    if os.name == "nt":
        from subprocess import list2cmdline

        return list2cmdline([word])
    return shlex.quote(word)


@dataclass(frozen=True, slots=True, order=True)
class TaskId:
    """Which script of which member; the root, whatever its name, is the member ``""``."""

    member: str
    script: str

    @classmethod
    def of(cls, member: Member, script: str) -> Self:
        """The task *script* of *member*."""
        return cls("" if member.is_root else str(member), script)

    @classmethod
    def parse(cls, text: str, workspace: Workspace, at: Member) -> Self:
        """The task that *text* means to somebody in the member *at*: ``build`` or ``member#build``.

        Whether there is such a task is for :func:`lay` to say.

        Raises:
            NotInProject: There is no such member.
            Usage: There are several.
        """
        member, mark, script = text.rpartition("#")
        if not mark or text in at.manifest.tasks:
            return cls.of(at, text)
        return cls.of(workspace.named(member), script)

    def __str__(self) -> str:
        return f"{self.member}#{self.script}" if self.member else self.script


@dataclass(frozen=True, slots=True)
class ScriptTask:
    """A task with all that is known of it before anything runs.

    Attributes:
        steps: The ``pre`` script, the script, the ``post`` script; none for a task that stands for others.
        needs: The tasks that have to be done before it, each once, in the order of ``dependsOn``.
    """

    id: TaskId
    member: Member
    config: TaskConfig
    steps: tuple[Step, ...]
    needs: tuple[TaskId, ...]

    def with_arguments(self, arguments: Sequence[str]) -> ScriptTask:
        """The same, its script given *arguments*."""
        return replace(self, steps=tuple(steps_of(self.member.manifest.scripts, self.id.script, arguments)))


def lay(workspace: Workspace, asked: Iterable[TaskId]) -> dict[TaskId, ScriptTask]:
    """The tasks *asked* for and all that they need: each after what it needs, else as they were asked for.

    Raises:
        ScriptNotFound: There is no such task as one of *asked*; similar names are told.
        InvalidManifest: A ``dependsOn`` names a member or a task that there is not.
        CircularTasks: Tasks depend on each other in a circle.
    """
    laying = _Laying(workspace)
    laid: dict[TaskId, ScriptTask] = {}
    for each in asked:
        for task in laying.in_order(each, laid):
            laid[task.id] = task
    return laid


def task_names(workspace: Workspace) -> list[TaskId]:
    """Every task of *workspace*, those of the root first."""
    return [TaskId.of(member, name) for member in workspace.everyone() for name in member.manifest.tasks]


class _Laying:
    """Finds tasks by their ids, and what they need; nothing is looked for twice."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._members = {TaskId.of(member, "").member: member for member in workspace.everyone()}
        self._above: dict[tuple[str, str], tuple[TaskId, ...]] = {}

    def in_order(self, first: TaskId, done: Mapping[TaskId, ScriptTask]) -> Iterator[ScriptTask]:
        """What *first* needs, directly or not, and is not *done*, each after what it needs itself."""
        if first in done:
            return
        # The path from *first* to where we are; no recursion, because a chain may be long.
        path = {first: self._task(first)}
        waiting = [iter(path[first].needs)]
        finished: set[TaskId] = set()
        while waiting:
            needed = next(waiting[-1], None)
            if needed is None:
                waiting.pop()
                _, task = path.popitem()
                finished.add(task.id)
                yield task
            elif needed in path:
                cycle = list(path)
                raise CircularTasks([*cycle[cycle.index(needed) :], needed])
            elif needed not in finished and needed not in done:
                path[needed] = self._task(needed)
                waiting.append(iter(path[needed].needs))

    def _task(self, wanted: TaskId) -> ScriptTask:
        member = self._members.get(wanted.member)
        config = member.manifest.tasks.get(wanted.script) if member is not None else None
        if member is None or config is None:
            raise self._unknown(wanted)
        steps = () if config.command is None else steps_of(member.manifest.scripts, wanted.script)
        needs = dict.fromkeys(
            needed for text in config.depends_on for needed in self._needed(text, member, config)
        )
        return ScriptTask(wanted, member, config, tuple(steps), tuple(needs))

    def _needed(self, text: str, member: Member, config: TaskConfig) -> tuple[TaskId, ...]:
        """The tasks that *text* in ``dependsOn`` means to the task *config* of *member*."""
        if text.startswith("^") and text not in member.manifest.tasks:
            return self._of_required(text[1:], member)
        try:
            needed = TaskId.parse(text, self._workspace, member)
        except (NotInProject, Usage) as error:
            raise self._bad(member, config, text, str(error)) from error
        there = self._members[needed.member].manifest.tasks
        if needed.script not in there:
            sentence = f'{needed.member or "the root"} has no script "{needed.script}".'
            raise self._bad(member, config, text, sentence + _near(needed.script, there))
        return (needed,)

    def _of_required(self, script: str, member: Member) -> tuple[TaskId, ...]:
        """The task *script* of what *member* requires; where it has none, of what that requires."""
        known = self._above.get((script, member.path))
        if known is not None:
            return known
        found: dict[TaskId, None] = {}
        seen = {member.path}
        waiting = [*reversed(self._workspace.needs(member))]
        while waiting:
            required = waiting.pop()
            if required.path in seen:
                continue
            seen.add(required.path)
            if script in required.manifest.tasks:
                found[TaskId.of(required, script)] = None
            else:
                waiting += reversed(self._workspace.needs(required))
        return self._above.setdefault((script, member.path), tuple(found))

    def _bad(self, member: Member, config: TaskConfig, text: str, reason: str) -> InvalidManifest:
        where = f'tasks.{config.name}.dependsOn: "{text}"'
        return InvalidManifest(str(member.manifest_path), [f"{where}: {' '.join(reason.split())}"])

    def _unknown(self, wanted: TaskId) -> ScriptNotFound:
        member = self._members.get(wanted.member)
        names = list(member.manifest.tasks) if member is not None else []
        whose = f"{wanted.member}: package.json" if wanted.member else "package.json"
        sentence = f"{whose} has no script {wanted.script!r}.{_near(wanted.script, names)}"
        if names:
            more = len(names) - _MOST_NAMED
            listed = ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
            return ScriptNotFound(f"{sentence}\n\nIts scripts are: {listed}")
        return ScriptNotFound(f'{sentence}\n\nIt has no scripts at all; they stand under "scripts".')


def _near(name: str, names: Iterable[str]) -> str:
    near = get_close_matches(name, list(names), n=3)
    return f" Did you mean {' or '.join(near)}?" if near else ""
