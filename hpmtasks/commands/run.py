"""run: scripts of package.json as tasks, behind an installation that is up to date; ``hpm test`` is one."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from hpmtasks.commands.asking import add_selection, read_words, selected
from hpmtasks.commands.command import Command, Context
from hpmtasks.commands.parser import OptionalValue
from hpmtasks.commands.run_report import list_scripts
from hpmtasks.commands.run_stamp import Stamping, may_leave_stamp
from hpmtasks.commands.running import Wishes, run_tasks
from hpmtasks.errors import ScriptNotFound, Usage
from hpmtasks.project.workspace import read_workspace
from hpmtasks.scripts.display import MODES

if TYPE_CHECKING:
    from hpmtasks.commands.companions import Companion


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm run``."""
    _add_rest(parser, "TASK ARG", "which ones, and what they are given; none: name them all")
    add_selection(parser)


def test_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm test``."""
    _add_rest(parser, "ARG", "what it is given")
    add_selection(parser)


def _add_rest(parser: argparse.ArgumentParser, metavar: str, meaning: str) -> None:
    # One list for all of it: of two, argparse would take a "--" between them away.
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar=metavar, help=meaning)
    parser.add_argument(
        "--if-present", action="store_true", help="if there is no such script, do nothing and succeed"
    )
    parser.add_argument(
        "--output",
        metavar="HOW",
        choices=MODES,
        help="prefix (as it comes, with names if there are several), group, errors (of failures only), none",
    )
    parser.add_argument(
        "-j", "--jobs", metavar="N", type=_count, help="how many at once (default: one for each processor)"
    )
    parser.add_argument(
        "--keep-going", action="store_true", help="after a failure go on with what does not depend on it"
    )
    parser.add_argument("--force", action="store_true", help="run everything anew, whatever is known of it")
    parser.add_argument(
        "--env-mode",
        metavar="HOW",
        choices=("strict", "loose"),
        default="strict",
        help="strict (only declared variables reach tasks that declare anything) or loose (all do)",
    )
    parser.add_argument(
        "--dry-run",
        action=OptionalValue,
        metavar="json",
        help="say what would be run, restored or is fresh, and why; =json as data",
    )
    parser.add_argument(
        "--watch", action="store_true", help="run again whenever something changes that the tasks go by"
    )
    parser.add_argument(
        "--profile",
        metavar="FILE",
        help="write when everything was to FILE, for chrome://tracing or Perfetto",
    )
    parser.add_argument(
        "--audit",
        action="store_true",
        help="run everything anew, and tell what scripts read and write without declaring it (Linux, strace)",
    )
    parser.add_argument("--no-install", action="store_true", help="leave hem_modules as it is")
    parser.add_argument("--no-check", dest="no_install", action="store_true", help=argparse.SUPPRESS)


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def run(context: Context) -> int:
    """Run scripts, or list them; see :data:`COMMAND`."""
    words = list(context.arguments.words)
    return _run(context, words[1:] if words[:1] == ["--"] else words)


def run_test(context: Context) -> int:
    """Run the script ``test``; see :data:`TEST`."""
    words = list(context.arguments.words)
    return _run(context, ["test", "--", *(words[1:] if words[:1] == ["--"] else words)])


def _run(context: Context, words: Sequence[str]) -> int:
    if not context.arguments.watch or not words:
        return _run_once(context, words, ())
    from hpmtasks.commands.run_watch import watch_tasks

    return watch_tasks(context, lambda watching: _run_once(context, words, (watching,)))


def _run_once(context: Context, words: Sequence[str], companions: tuple[Companion, ...]) -> int:
    began_ns = time.time_ns()
    given = context.arguments
    workspace = read_workspace(context.project)
    at = workspace.at(context.project.start)
    members = selected(workspace, given, context.folder, context.environ)
    if not words:
        list_scripts(context.console, workspace, at)
        return 0
    try:
        asked = read_words(workspace, at, words, members)
        if may_leave_stamp(context):
            companions = (Stamping(context, workspace, began_ns),)
        return run_tasks(context, workspace, asked, _wishes(context, companions))
    except ScriptNotFound:
        if given.if_present:
            return 0
        raise


def _wishes(context: Context, companions: tuple[Companion, ...]) -> Wishes:
    given = context.arguments
    if given.dry_run is not None and (given.watch or given.audit):
        raise Usage(f"--dry-run and {'--watch' if given.watch else '--audit'} exclude each other.")
    companions += tuple(_companions(context))
    if given.dry_run not in (None, "", "json"):
        raise Usage(f"--dry-run cannot be '{given.dry_run}'; it is json, or nothing.")
    if given.dry_run == "json":
        context.console.as_json = True
    return Wishes(
        # Who is followed or ended from outside has no terminal of its own.
        output=given.output or ("prefix" if given.watch or given.audit else None),
        jobs=given.jobs,
        keep_going=given.keep_going,
        force=given.force,
        environment=given.env_mode,
        installs=not given.no_install,
        is_preview=given.dry_run is not None,
        companions=companions,
    )


def _companions(context: Context) -> Iterator[Companion]:
    given = context.arguments
    if given.profile:
        from hpmtasks.commands.run_profile import Profiling

        yield Profiling(context.folder / given.profile)
    if given.audit:
        from hpmtasks.commands.run_audit import Auditing

        yield Auditing(context.environ)


_HOW = (
    " Packages are installed first if they are not as locked. What a script needs stands under 'tasks' in"
    " package.json: it runs before it, and at the same time as what does not need it. A script that declares"
    " its outputs is not run again while nothing changed that it depends on, its files, its command, its"
    " variables, the packages it can reach: its outputs and what it printed are given back. Any other runs"
    " each time, between the scripts called 'pre' and 'post' and its name. It is run by /bin/sh (by cmd on"
    " Windows) in its package's folder; one that runs alone and is not kept has input and output to itself."
    " It is told HPM_PROJECT_ROOT, HPM_SCRIPT, HPM_PACKAGE_NAME and HPM_PACKAGE_VERSION, and"
    " hem_modules/.bin, if there is one, comes first on its PATH. Only scripts of the project itself are"
    " ever run. Options of hpm stand before the name. Words behind it that name tasks are run too; from the"
    " first that does not, or from '--' on, they are given to the script as they are. The exit code is that"
    " of the script, of several that of the first that failed."
)

COMMAND = Command(
    name="run",
    summary="run scripts of package.json and what they need, or name them",
    description="Runs each TASK, a script of package.json; without a name, lists them." + _HOW,
    run=run,
    arguments=arguments,
    examples=(
        ("hpm run", "which scripts there are"),
        ("hpm run build", "run one, and before it what it needs"),
        ("hpm run lint test", "run two, at the same time if they can"),
        ("hpm run build -- --fast", "give it an option; the -- may be left out"),
        ("hpm run acme/app#build", "the one of a member of the workspace"),
        ("hpm run --filter ...acme/lib test", "in a member, and in all that depend on it"),
        ("hpm run --dry-run build", "say what would happen, and why"),
        ("hpm run --if-present lint", "nothing happens if there is none"),
        ("hpm run --watch test", "again and again, whenever something changes"),
        ("hpm run --audit build", "what build does without declaring it"),
    ),
)

TEST = Command(
    name="test",
    summary="run the script 'test' of package.json",
    description="Short for 'hpm run test'. Options that are meant for the script stand behind '--'.",
    run=run_test,
    arguments=test_arguments,
    examples=(("hpm test", "run it"), ("hpm test -- --verbose", "give it an option")),
)
