"""asking: which tasks the words of a command line mean, and which words are for the scripts themselves."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hpmtasks.commands.command import Arguments
from hpmtasks.dataclass import dataclass
from hpmtasks.errors import Usage
from hpmtasks.scripts.tasks import TaskId

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hpmtasks.project.workspace import Member, Workspace


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for.

    Attributes:
        tasks: In the order in which they were named; of one name, by member.
        arguments: What their scripts are given.
    """

    tasks: tuple[TaskId, ...] = ()
    arguments: tuple[str, ...] = ()


def add_selection(parser: argparse.ArgumentParser) -> None:
    """``--filter`` and ``--changed``."""
    from hpmtasks.commands.parser import OptionalValue

    parser.add_argument(
        "--filter",
        action="append",
        default=[],
        metavar="MEMBERS",
        help="in these members of the workspace: a name, ./folder, ...dependents, dependencies..., [git-ref],"
        " with ! in front: not these",
    )
    parser.add_argument(
        "--changed",
        action=OptionalValue,
        metavar="REF",
        help="in the members that differ from a git reference (default: the main branch), and in those that"
        " depend on them; =REF without a space",
    )


def selected(
    workspace: Workspace, given: Arguments, at: Path, environ: Mapping[str, str]
) -> list[Member] | None:
    """The members that ``--filter`` and ``--changed`` mean; ``None`` if neither is given.

    Raises:
        Usage: A filter cannot be read, or there is no git to say what has changed.
        NotInProject: It names what there is not.
    """
    if not given.filter and given.changed is None:
        return None
    from hpmtasks.scripts.changed import changed_members, changes_since
    from hpmtasks.scripts.selection import changed_filter, parse_filter, select

    def changed_since(ref: str | None) -> list[Member]:
        return changed_members(workspace, changes_since(workspace.root.folder, ref, environ))

    filters = [parse_filter(text) for text in given.filter]
    if given.changed is not None:
        filters.append(changed_filter(given.changed or None))
    return select(workspace, filters, changed_since, at)


def read_words(
    workspace: Workspace, at: Member, words: Sequence[str], members: Sequence[Member] | None
) -> Asked:
    """What *words* ask for: names of tasks, and from the first that is none on, or from ``--`` on, arguments.

    A name means the task of the member *at*; at a root that has no such task, those of all members that
    have one. With *members* it means their tasks.

    Raises:
        ScriptNotFound: The first word names no task, or one with ``#`` does not.
        Usage: There are arguments, and several names to give them to.
    """
    names, arguments = _split(workspace, at, words, members)
    if arguments and len(names) > 1:
        raise Usage(
            f"Arguments go to one task, and {' and '.join(names)} were asked for;"
            f" '{arguments[0]}' is neither a task nor an option."
        )
    found: dict[TaskId, None] = {}
    for name in names:
        found.update(dict.fromkeys(meant(workspace, at, name, members)))
    return Asked(tuple(found), tuple(arguments))


def _split(
    workspace: Workspace, at: Member, words: Sequence[str], members: Sequence[Member] | None
) -> tuple[list[str], list[str]]:
    names, rest = [words[0]], list(words[1:])
    while rest and rest[0] != "--" and ("#" in rest[0] or _is_task(workspace, at, rest[0], members)):
        names.append(rest.pop(0))
    # A "--" in the first place only says that what follows is no name and no option of hpm.
    return names, rest[1:] if rest[:1] == ["--"] else rest


def _is_task(workspace: Workspace, at: Member, word: str, members: Sequence[Member] | None) -> bool:
    if members is None and word in at.manifest.tasks:
        return True
    among = members if members is not None else workspace.members if at.is_root else ()
    return any(word in member.manifest.tasks for member in among)


def meant(
    workspace: Workspace, at: Member, name: str, members: Sequence[Member] | None = None
) -> Sequence[TaskId]:
    """The tasks that *name* means: see :func:`read_words`. Whether there are such tasks is not asked."""
    from hpmtasks.scripts.selection import tasks_of

    if "#" in name and name not in at.manifest.tasks:
        return [TaskId.parse(name, workspace, at)]
    if members is not None:
        return tasks_of(members, [name])
    having = [member for member in workspace.members if name in member.manifest.tasks]
    if at.is_root and name not in at.manifest.tasks and having:
        return [TaskId.of(member, name) for member in having]
    return [TaskId.of(at, name)]


def is_missing(workspace: Workspace, asked: Asked) -> bool:
    """Whether one of the tasks *asked* for does not exist."""
    known = {TaskId.of(member, "").member: member.manifest.tasks for member in workspace.everyone()}
    return any(task.script not in known.get(task.member, {}) for task in asked.tasks)
