"""run_report: what ``hpm run`` says of scripts that are there, would run, or have run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hpmtasks.scripts.critical_path import critical_path
from hpmtasks.scripts.display import summary

if TYPE_CHECKING:
    from hpmtasks.commands.console import Console
    from hpmtasks.project.workspace import Member, Workspace
    from hpmtasks.scripts.events import Outcome
    from hpmtasks.scripts.preview import Preview
    from hpmtasks.scripts.tasks import ScriptTask, TaskId


def list_scripts(console: Console, workspace: Workspace, at: Member) -> None:
    """The scripts of *at*, and if that is the root, of every member, each with its command line."""
    shown = workspace.everyone() if at.is_root else (at,)
    console.result(
        {
            "name": at.name,
            "scripts": dict(at.manifest.scripts),
            "members": {str(member): dict(member.manifest.scripts) for member in shown if member is not at},
        }
    )
    if not any(member.manifest.tasks for member in shown):
        console.line("package.json has no scripts.")
    for member in shown:
        if member is not at and member.manifest.tasks:
            console.line(f"\n{member} ({member.path})")
        for name, task in member.manifest.tasks.items():
            console.line(name)
            console.line(f"  {task.command if task.command is not None else f'= {_listed(task.depends_on)}'}")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)


def path_of(tasks: Mapping[TaskId, ScriptTask], outcomes: Mapping[TaskId, Outcome]) -> list[TaskId]:
    """The chain of tasks that took longest, of those that ran."""
    seconds = {id_: each.seconds for id_, each in outcomes.items() if each.kind in ("ran", "failed")}
    return critical_path(seconds, {id_: task.needs for id_, task in tasks.items()})


def tell_summary(
    console: Console,
    tasks: Mapping[TaskId, ScriptTask],
    outcomes: Mapping[TaskId, Outcome],
    seconds: float,
) -> None:
    """One line: how many of what, in which time, and which chain it was waited for."""
    path = path_of(tasks, outcomes)
    own = {id_: each for id_, each in outcomes.items() if tasks[id_].steps}
    console.note(summary(own, seconds, path, sum(outcomes[id_].seconds for id_ in path)))


def as_data(
    tasks: Mapping[TaskId, ScriptTask],
    outcomes: Mapping[TaskId, Outcome],
    seconds: float,
    code: int,
) -> dict[str, Any]:
    """What happened, as ``docs/run.schema.json`` has it."""
    path = path_of(tasks, outcomes)
    return {
        "exitCode": code,
        "seconds": round(seconds, 3),
        "criticalPath": [str(id_) for id_ in path],
        "tasks": [
            {
                "task": str(id_),
                "member": tasks[id_].member.name,
                "script": id_.script,
                "needs": [str(need) for need in tasks[id_].needs],
                "outcome": each.kind,
                "exitCode": each.code,
                "seconds": round(each.seconds, 3),
                "reason": each.reason,
            }
            for id_, each in outcomes.items()
        ],
    }


def tell_previews(console: Console, previews: Sequence[Preview]) -> None:
    """What would happen to each task, and why."""
    for each in previews:
        console.line(f"{each.task}: {_FUTURE[each.verdict]}{f' ({each.reason})' if each.reason else ''}")


_FUTURE = {
    "run": "would run",
    "restore": "would be restored",
    "fresh": "is fresh",
    "depends": "depends on what runs before it",
    "service": "would be started if a task that needs it runs",
}


def previews_as_data(previews: Sequence[Preview]) -> dict[str, Any]:
    """The same as data."""
    return {
        "dryRun": True,
        "tasks": [
            {"task": str(each.task), "verdict": each.verdict, "reason": each.reason} for each in previews
        ],
    }
