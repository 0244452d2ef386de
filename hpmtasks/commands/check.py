"""check: are package.json, package-lock.json and hem_modules of one mind?"""

from __future__ import annotations

import argparse
import io
from collections.abc import Sequence
from typing import Any

from hpmtasks.commands.changes import Done, Edit, as_data, counted, told
from hpmtasks.commands.check_imports import check_imports
from hpmtasks.commands.command import Command, Context
from hpmtasks.commands.console import Console
from hpmtasks.commands.project_change import add_selection, change_project, open_session, options_of
from hpmtasks.dataclass import replace
from hpmtasks.errors import OutOfDate
from hpmtasks.session import Session
from hpmtasks.session.findings import Finding, examine

_MOST_SHOWN = 20
_HEADS = {
    "lock": "package-lock.json does not answer package.json:",
    "folder": "hem_modules is not what package-lock.json says:",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm check``."""
    parser.add_argument("--content", action="store_true", help="read every file, and name those that differ")
    parser.add_argument(
        "--imports",
        action="store_true",
        help="look for imports that lead nowhere, and a main that is misread",
    )
    parser.add_argument("--fix", action="store_true", help="put right what is found, as 'hpm install' would")
    parser.add_argument("--offline", action="store_true", help="with --fix: use the store alone")
    add_selection(parser)


def run(context: Context) -> int:
    """Check; see :data:`COMMAND`."""
    if context.arguments.imports:
        return check_imports(context)
    found, packages = _look(context)
    if found and context.arguments.fix:
        return _fix(context, found)
    _tell(context.console, found, packages, content=context.arguments.content)
    return OutOfDate.exit_code if found else 0


def _look(context: Context) -> tuple[list[Finding], int]:
    """What is wrong, and how many packages are locked."""
    session = open_session(context, options_of(context))
    try:
        with context.console.progress("looking at the packages"):
            found = examine(session, content=context.arguments.content)
        return found, len(session.documents.lockfile.entries if session.documents.lockfile else ())
    finally:
        session.close()


def _tell(console: Console, found: Sequence[Finding], packages: int, *, content: bool) -> None:
    console.result({"ok": not found, "packages": packages, "findings": _as_data(found)})
    if not found:
        console.line(f"package.json, package-lock.json and hem_modules agree ({counted(packages)}).")
        return
    _list(console, found)
    console.line()
    if any(finding.kind != "foreign" for finding in found):
        console.line(f"Run 'hpm check{' --content' if content else ''} --fix' to put it right.")
    _hint_at_foreign(console, found)


def _fix(context: Context, found: Sequence[Finding]) -> int:
    """Install, after forgetting what was believed of the folders that are wrong; then look again."""

    def doubt(session: Session) -> Sequence[Edit]:
        for finding in found:
            if finding.name is not None and finding.kind == "changed":
                session.modules.forget(finding.name)
        return ()

    done: list[Done] = []
    # The installation's own report would be a second one.
    silent = replace(context, console=Console(verbose=context.console.verbose, out=io.StringIO()))
    change_project(silent, options_of(context), doubt, lambda _, what: done.append(what))
    left, packages = _look(context)
    changes = done[0].changes if done else ()
    console = context.console
    console.result(
        {
            "ok": not left,
            "packages": packages,
            "findings": _as_data(found),
            "changes": as_data(changes),
            "left": _as_data(left),
        }
    )
    _list(console, found)
    if changes or not left:
        console.line("\nPut right:")
    for change in changes:
        console.line(told(change, done[0].resolution))
    if done and done[0].wrote_lock:
        console.line("  package-lock.json")
    if left:
        console.line("\nThis is left:")
        _list(console, left)
        console.line()
        _hint_at_foreign(console, left)
    return OutOfDate.exit_code if left else 0


def _hint_at_foreign(console: Console, found: Sequence[Finding]) -> None:
    if any(finding.kind == "foreign" for finding in found):
        console.line(
            "What hpm did not put there it leaves alone; 'hpm ci' makes hem_modules anew without it."
        )


def _list(console: Console, found: Sequence[Finding]) -> None:
    """*found*, below a heading for the lock and one for the folders; no longer than can be read."""
    for part, head in _HEADS.items():
        of_part = [finding for finding in found if (finding.kind == "lock") == (part == "lock")]
        if of_part:
            console.line(head)
        for finding in of_part[:_MOST_SHOWN]:
            console.line(f"  - {finding.message}")
            for file in finding.files[:_MOST_SHOWN]:
                console.line(f"      {file.kind}: {file.path}")
            if len(finding.files) > _MOST_SHOWN:
                console.line(f"      and {len(finding.files) - _MOST_SHOWN} more")
        if len(of_part) > _MOST_SHOWN:
            console.line(f"  - and {len(of_part) - _MOST_SHOWN} more")


def _as_data(found: Sequence[Finding]) -> list[dict[str, Any]]:
    return [
        {
            "kind": finding.kind,
            "name": str(finding.name) if finding.name else None,
            "message": finding.message,
            "files": [{"path": file.path, "kind": file.kind} for file in finding.files],
        }
        for finding in found
    ]


COMMAND = Command(
    name="check",
    summary="check that package.json, package-lock.json and hem_modules agree",
    description=(
        "Nothing is written and nobody is asked. The exit code is 0 if hem_modules holds what the lock"
        " names, and the lock answers package.json; else it is 9, and the output says what differs. A"
        " package's folder is judged by its time and inode, and read only where those are not as they"
        " were left; --content reads every file. --imports reads the Hemlock sources instead, of the"
        " project and of its packages: the exit code is 10 if an import leads nowhere, or if the"
        " interpreter does not load the main that a package.json names."
    ),
    run=run,
    arguments=arguments,
    examples=(
        ("hpm check", "in milliseconds"),
        ("hpm check --content", "find edits inside packages, too"),
        ("hpm check --content --fix", "and undo them"),
        ("hpm check --imports", "before the interpreter says so"),
    ),
)
