"""explain: why a task would run or is fresh: a script, or a stage of the installation."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from hpmtasks.commands.command import Command, Context
from hpmtasks.commands.project_change import open_session, options_of
from hpmtasks.errors import ScriptNotFound
from hpmtasks.session import Session

if TYPE_CHECKING:
    from hpmtasks.scripts.tasks import TaskId
    from hpmtasks.survey import Stage

_VERDICTS = {"fresh": "fresh", "stale": "run", "unknown": "unknown"}
_PREFIX = "script:"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm explain``."""
    parser.add_argument(
        "task", metavar="TASK", nargs="*", help="a script, a package, or a task of the installation"
    )
    parser.add_argument("--offline", action="store_true", help="do not ask the remote cache")


def run(context: Context) -> int:
    """Explain; see :data:`COMMAND`."""
    session = open_session(context, options_of(context))
    try:
        explaining = _Explaining(context, session)
        if context.arguments.task:
            told = [explaining.told(text) for text in context.arguments.task]
            data = [each for more, _ in told for each in more]
            lines = [line for _, more in told for line in ["", *more]][1:]
        else:
            data, lines = explaining.overview()
    finally:
        session.close()
    for warning in session.warnings:
        context.console.warning(warning)
    context.console.result({"tasks": data})
    for line in lines:
        context.console.line(line)
    return 0


_Told = tuple[list[dict[str, Any]], list[str]]


class _Explaining:
    """What there is to be explained, found out once."""

    def __init__(self, context: Context, session: Session) -> None:
        from hpmtasks.survey import survey

        self._session = session
        self._workspace = session.workspace
        self._at = self._workspace.at(context.project.start)
        self._stages = survey(session)

    # ---- one of them

    def told(self, text: str) -> _Told:
        """What is to be said of *text*, as data and in lines."""
        scripts = self._called(text)
        if scripts:
            told = [self._told_script(script) for script in scripts]
            return [row for rows, _ in told for row in rows], [
                line for _, lines in told for line in ["", *lines]
            ][1:]
        stages = [stage for stage in self._stages if stage.name == text]
        stages = stages or [stage for stage in self._stages if str(stage.package).lower() == text.lower()]
        if not stages:
            raise self._unknown(text)
        chosen = dict.fromkeys(f"  required by {stage.chosen}" for stage in stages if stage.chosen)
        return [_data(stage) for stage in stages], [
            *(line for stage in stages for line in _lines(stage)),
            *chosen,
        ]

    def _called(self, text: str) -> Sequence[TaskId]:
        """The scripts that *text* means, as it does to ``hpm run``; none if it means something else."""
        from hpmtasks.commands.asking import meant

        name = text.removeprefix(_PREFIX)
        found = meant(self._workspace, self._at, name)
        is_script = name != text or "#" in name or any(self._has(task) for task in found)
        return found if is_script else ()

    def _has(self, task: TaskId) -> bool:
        from hpmtasks.scripts.tasks import task_names

        return task in task_names(self._workspace)

    def _told_script(self, script: TaskId) -> _Told:
        from hpmtasks.scripts.explain import as_data, lines
        from hpmtasks.scripts.outlook import outlook
        from hpmtasks.scripts.tasks import lay

        with outlook(self._session, lay(self._workspace, [script])) as seen:
            explanation = seen.explanation(script, self._why)
        told = lines(explanation)
        if self._stages and self._stages[-1].state != "fresh":
            told += ["", "The installation comes first, and may change this: see 'hpm explain install'."]
        return [as_data(explanation)], told

    def _why(self, name: str) -> str:
        from hpmtasks.model.package import PackageName
        from hpmtasks.survey import why_chosen

        chosen = why_chosen(self._session, PackageName.parse(name))
        return f"required by {chosen}" if chosen else ""

    def _unknown(self, text: str) -> ScriptNotFound:
        from hpmtasks.scripts.tasks import task_names

        names = [str(task) for task in task_names(self._workspace)]
        names += [stage.name for stage in self._stages]
        names += [str(stage.package) for stage in self._stages if stage.package]
        near = get_close_matches(text, names, n=3)
        hint = f"Did you mean {' or '.join(near)}?" if near else "Run 'hpm explain' for all that there is."
        return ScriptNotFound(f"There is no script, package or task {text!r}.\n\n{hint}")

    # ---- all of them

    def overview(self) -> _Told:
        """One line for the installation, and one for each script."""
        data, lines = [], []
        for stage in self._stages:
            data.append(_data(stage))
            if stage.name == "install":
                lines.append(f"{_verdict(stage):<8} {stage.name}: {'; '.join(stage.reasons)}")
        for row in self._scripts():
            data.append(row)
            reason = f": {row['reason']}" if row["reason"] else ""
            lines.append(f"{row['verdict']:<8} {row['task']}{reason}")
        if not lines:
            lines.append("package.json has no scripts, and requires no packages.")
        return data, lines

    def _scripts(self) -> Iterator[dict[str, Any]]:
        from hpmtasks.scripts.outlook import outlook
        from hpmtasks.scripts.tasks import lay, task_names

        tasks = lay(self._workspace, task_names(self._workspace))
        with outlook(self._session, tasks) as seen:
            for each in seen.previews.values():
                yield {
                    "task": str(each.task),
                    "kind": "script",
                    "verdict": each.verdict,
                    "reason": each.reason,
                }


def _verdict(stage: Stage) -> str:
    return _VERDICTS[stage.state]


def _data(stage: Stage) -> dict[str, Any]:
    return {
        "task": stage.name,
        "kind": "installation",
        "verdict": _verdict(stage),
        "reason": "; ".join(stage.reasons),
        "package": str(stage.package) if stage.package else None,
        "version": stage.version or None,
        "why": stage.chosen,
        "needs": list(stage.needs),
    }


def _lines(stage: Stage) -> Iterator[str]:
    told = {"fresh": "is fresh", "stale": "would run", "unknown": "is not known yet"}[stage.state]
    first, *more = stage.reasons or ("",)
    yield f"{stage.name} {told}: {first}." if first else f"{stage.name} {told}."
    yield from (f"  {reason}" for reason in more)


COMMAND = Command(
    name="explain",
    summary="explain why a task would run, or is fresh",
    description=(
        "Says what 'hpm run' or 'hpm install' would do with TASK now, and why: each part that it depends on"
        " and that is another than when it was settled last, old and new, down to the file, the variable, and"
        " the version of a package with what requires it; and of a fresh one what proved it. TASK is a"
        " script, a package, or a task of the installation such as resolve or extract:owner/repo. Without"
        " TASK, one line for each script. Nothing is run and nothing is installed."
    ),
    run=run,
    arguments=arguments,
    examples=(
        ("hpm explain build", "why the script would run"),
        ("hpm explain", "what would happen to each script"),
        ("hpm explain acme/json", "why a package would be fetched or laid out"),
        ("hpm explain resolve", "why versions would be chosen anew"),
    ),
)
