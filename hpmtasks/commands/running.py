"""running: tasks are run, shown and reported for a command; its exit code is theirs."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from hpmtasks.commands.colour import painted_name, plain_name
from hpmtasks.commands.command import Context
from hpmtasks.commands.project_change import open_session, remember
from hpmtasks.commands.run_report import as_data, previews_as_data, tell_previews, tell_summary
from hpmtasks.dataclass import dataclass
from hpmtasks.errors import Interrupted, Terminated
from hpmtasks.front import stamp
from hpmtasks.model.manifest import get_all_dependencies
from hpmtasks.scripts.display import Display, Manner as Showing, Mode
from hpmtasks.scripts.environment import Mode as EnvironmentMode
from hpmtasks.scripts.perform import Manner
from hpmtasks.scripts.run import RunOptions, ScriptRun
from hpmtasks.scripts.tasks import TaskId, lay
from hpmtasks.session.installed import leaves_out_dev
from hpmtasks.session.options import Options
from hpmtasks.session.results import results_of
from hpmtasks.stages.script.action import settle

if TYPE_CHECKING:
    from hpmtasks.commands.asking import Asked
    from hpmtasks.commands.companions import Companion
    from hpmtasks.commands.console import Console
    from hpmtasks.engine import Listener
    from hpmtasks.project import Project
    from hpmtasks.project.workspace import Workspace
    from hpmtasks.scripts.events import Outcome
    from hpmtasks.scripts.process import Launch
    from hpmtasks.scripts.tasks import ScriptTask
    from hpmtasks.session import Session


@dataclass(frozen=True, slots=True)
class Wishes:
    """How tasks are to be run, as far as somebody said so.

    Attributes:
        output: How what they print is shown; ``None``: a task that is not kept may have the terminal.
        installs: Whether packages are installed first.
        is_preview: Whether it is only said what would happen.
        tells: Whether the result is told, and not only what the tasks print.
        companions: Who goes along.
    """

    output: Mode | None = None
    jobs: int | None = None
    keep_going: bool = False
    force: bool = False
    environment: EnvironmentMode = "strict"
    installs: bool = True
    is_preview: bool = False
    tells: bool = True
    companions: tuple[Companion, ...] = ()


def run_tasks(context: Context, workspace: Workspace, asked: Asked, wishes: Wishes) -> int:
    """The tasks *asked* for are settled, and how they ended is told; the exit code.

    Raises:
        HpmError: The installation failed, or the tasks cannot be laid.
        Interrupted: A signal ended them.
        BrokenPipeError: Nobody reads what they print.
    """
    tasks = lay(workspace, asked.tasks)
    for id_ in asked.tasks if asked.arguments else ():
        tasks[id_] = tasks[id_].with_arguments(asked.arguments)
    began = time.monotonic()
    installs = wishes.installs and requires_packages(context.project, workspace)
    installs = installs and not stamp.proves(str(context.project.root), context.environ)
    session = open_session(context, Options(without_dev=installs and leaves_out_dev(context.project)))
    session.documents.take(workspace)
    run = _make_run(context, session, tasks, asked, wishes, pools=workspace.root.manifest.pools)
    if wishes.is_preview:
        return _tell_preview(context, run)
    display = _display(context, run, wishes)
    listener: Listener = context.console
    for companion in wishes.companions:
        companion.join(run, session)
        listener = companion.hears(listener)
    outcomes = _settle(context, session, run, listener, installs=installs)
    if display.is_broken:
        raise BrokenPipeError
    for warning in session.warnings:
        context.console.warning(warning)
    code = _code(run, outcomes)
    seconds = time.monotonic() - began
    more: dict[str, Any] = {}
    for companion in wishes.companions:
        told, own_code = companion.leave(context, outcomes)
        more |= told
        code = code or own_code
    if not wishes.tells:
        return code
    if context.console.as_json:
        context.console.result(as_data(tasks, outcomes, seconds, code) | more)
    if not display.manner.is_alone or any(task.config.is_kept for task in tasks.values()):
        tell_summary(context.console, tasks, outcomes, seconds)
    return code


def requires_packages(project: Project, workspace: Workspace) -> bool:
    """Whether there is anything to install, or to keep as it is: something is required, or locked."""
    return project.lock_path.exists() or any(
        get_all_dependencies(member.manifest) for member in workspace.everyone()
    )


def _make_run(
    context: Context,
    session: Session,
    tasks: Mapping[TaskId, ScriptTask],
    asked: Asked,
    wishes: Wishes,
    *,
    pools: Mapping[str, int],
) -> ScriptRun:
    # Who is the only one that was asked for runs when everything that it needs has ended.
    may_have_terminal = len(asked.tasks) == 1 and wishes.output is None and not context.console.as_json

    def launched(task: ScriptTask, launch: Launch) -> Launch:
        for companion in wishes.companions:
            launch = companion.launch(task, launch)
        return launch

    options = RunOptions(
        jobs=wishes.jobs,
        keep_going=wishes.keep_going,
        pools=pools,
        manner=Manner(
            force=wishes.force or any(each.needs_all for each in wishes.companions),
            environment=wishes.environment,
            has_terminal=asked.tasks if may_have_terminal else (),
            is_preview=wishes.is_preview,
            launched=launched,
            evidence=next((each.evidence for each in wishes.companions if each.evidence), None),
        ),
    )

    def before() -> None:
        _leave_stamp(context, session)
        context.console.still()

    return ScriptRun(
        session, tasks, asked.tasks, options, results_of(session), before=before, takes_signals=True
    )


def _leave_stamp(context: Context, session: Session) -> None:
    """If packages were installed on the way, that is told, and the next run need not look again."""
    if session.resolution is None:
        return
    many = len(session.changes)
    if many:
        context.console.note(f"Installed: {many} package{'' if many == 1 else 's'} changed.")
    with context.project.mutex:
        if not session.state.changed_by_another:
            remember(context, session)


def showing_of(
    run: ScriptRun, output: Mode | None, console: Console, paint: Callable[[str, int], str]
) -> Showing:
    """How a run is shown."""
    return Showing(
        mode=output or "prefix",
        is_alone=sum(bool(task.steps) for task in run.tasks.values()) == 1,
        quiet=console.quiet,
        paint=paint,
        every=console.verbose,
    )


def named_tasks(run: ScriptRun) -> list[TaskId]:
    """Those that were asked for and do something."""
    return [id_ for id_ in run.asked if run.tasks[id_].steps]


def _display(context: Context, run: ScriptRun, wishes: Wishes) -> Display:
    console = context.console
    paint = painted_name if console.paints_errors else plain_name
    showing = showing_of(run, wishes.output, console, paint)
    # stdout carries the result alone, if that is for a program.
    out = sys.stderr if console.as_json else sys.stdout
    sys.stdout.flush()
    sys.stderr.flush()
    named = named_tasks(run)
    display = Display(out.buffer, sys.stderr.buffer, showing, asked=named, on_broken=run.children.ask)
    run.events.subscribe(display)
    return display


def _settle(
    context: Context, session: Session, run: ScriptRun, listener: Listener, *, installs: bool
) -> Mapping[TaskId, Outcome]:
    context.console.last_words = "Interrupted."
    try:
        if installs:
            from hpmtasks.engine import install_for_scripts

            install_for_scripts(session, listener)
        return settle(run, listener.task_began, listener.task_was_fresh)
    finally:
        run.close()
        session.close()


def _code(run: ScriptRun, outcomes: Mapping[TaskId, Outcome]) -> int:
    """The exit code: that of the first task in graph order that failed.

    Raises:
        Interrupted: A signal ended the run, and the answer was not left to a script in the foreground.
    """
    failed = [(id_, each) for id_, each in outcomes.items() if each.kind == "failed"]
    is_cut_short = any(each.kind == "skipped" for each in outcomes.values())
    if run.children.asked and (
        is_cut_short or not all(id_ in run.performer.had_terminal for id_, _ in failed)
    ):
        raise interruption(run.children.asked[0])
    if run.schedule.defect is not None:
        raise run.schedule.defect
    return failed[0][1].code if failed else 0


def interruption(number: int) -> Interrupted:
    """What a run ends with that was sent the signal *number*."""
    stopped = Terminated if number == signal.SIGTERM else Interrupted
    return stopped("Interrupted.")


def _tell_preview(context: Context, run: ScriptRun) -> int:
    from hpmtasks.scripts.preview import preview

    try:
        previews = preview(run.tasks, run.performer)
    finally:
        run.close(is_preview=True)
    context.console.result(previews_as_data(previews))
    tell_previews(context.console, previews)
    return 0
