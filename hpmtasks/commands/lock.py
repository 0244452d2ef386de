"""lock: package-lock.json alone: written, checked, or merged."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from hpmtasks.commands.changes import Done, counted, moves, told
from hpmtasks.commands.command import Command, Context
from hpmtasks.commands.console import Console
from hpmtasks.commands.project_change import (
    add_carefulness,
    add_direction,
    change_project,
    open_session,
    options_of,
)
from hpmtasks.errors import InvalidLockfile, OutOfDate, Usage
from hpmtasks.model.lock_merge import Sides, merge
from hpmtasks.model.lockfile import Lockfile, create_empty, parse_lockfile, write_lockfile
from hpmtasks.session import Session

_MOST_REASONS = 10


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm lock``."""
    parser.add_argument(
        "--check", action="store_true", help="fail (exit 9) if package-lock.json would change; write nothing"
    )
    parser.add_argument(
        "--merge",
        nargs=3,
        metavar="BASE OURS THEIRS",
        help="merge three lock files into OURS: for git, see docs/lockfile.md",
    )
    add_carefulness(parser)
    add_direction(parser)


def run(context: Context) -> int:
    """Lock; see :data:`COMMAND`."""
    given = context.arguments
    if given.merge:
        if given.check or given.dry_run:
            raise Usage("--merge does not go together with --check or --dry-run.")
        return _merge(context, *(context.folder / name for name in given.merge))
    if given.check:
        return _check(context)
    return change_project(context, options_of(context, lock_only=True), lambda _: (), _tell)


def _tell(console: Console, done: Done) -> None:
    if done.is_preview:
        console.line("Would lock:" if done.locked else "Nothing would change.")
    for change in done.locked:
        if change.before and change.after:
            console.line(f"  {change.name}: {change.before} → {change.after}")
        else:
            console.change(told(change, done.resolution))
    packages = counted(len(done.resolution.packages))
    if done.wrote_lock:
        console.line(f"Wrote package-lock.json ({packages}).")
    elif not done.is_preview:
        console.line(f"package-lock.json is up to date ({packages}).")


# ---------------------------------------------------------------- --check


def _check(context: Context) -> int:
    session = open_session(context, options_of(context, lock_only=True))
    try:
        reasons = _reasons_to_change(session)
    finally:
        session.close()
    if reasons:
        more = len(reasons) - _MOST_REASONS
        shown = [f"  - {reason}" for reason in reasons[:_MOST_REASONS]]
        shown += [f"  - and {more} more"] if more > 0 else []
        raise OutOfDate(
            "package-lock.json is not up to date:\n\n"
            + "\n".join(shown)
            + "\n\nRun 'hpm lock' or 'hpm install' and commit package-lock.json."
        )
    packages = len(session.resolution.packages) if session.resolution else 0
    context.console.result({"ok": True, "packages": packages})
    context.console.report(f"package-lock.json is up to date ({counted(packages)}).")
    return 0


def _reasons_to_change(session: Session) -> Sequence[str]:
    """Why writing the lock anew would change it; nobody is asked anything where the lock itself tells."""
    from hpmtasks.stages.lock.action import lock_bytes
    from hpmtasks.stages.resolve.action import resolve

    lockfile = session.documents.lockfile
    if lockfile is None:
        return ["There is none."]
    reasons = session.documents.unanswered()
    reasons += [
        f"{name}: no {'commit' if entry.commit is None else 'tree'} is recorded"
        for name, entry in lockfile.entries.items()
        if entry.commit is None or entry.tree is None
    ]
    if reasons:
        return reasons
    session.resolution = resolve(session)
    if lock_bytes(session) == session.project.lock_path.read_bytes():
        return []
    changes = [
        f"{change.name}: {change.before or 'nothing'} would become {change.after or 'nothing'}"
        for change in moves(lockfile, session.resolution)
    ]
    return changes or ["The same versions would be written in another form."]


# ---------------------------------------------------------------- --merge


def _merge(context: Context, base: Path, ours: Path, theirs: Path) -> int:
    """The file *ours* holds the changes of both sides; see ``model.lock_merge``."""
    merged = merge(_read(base), _read(ours), _read(theirs))
    write_lockfile(ours, merged.lockfile)
    console = context.console
    console.result(
        {
            "packages": len(merged.lockfile.entries),
            "dropped": [
                {"name": str(name), "ours": _version(sides, 0), "theirs": _version(sides, 1)}
                for name, sides in merged.dropped.items()
            ],
        }
    )
    console.report(f"Merged package-lock.json ({counted(len(merged.lockfile.entries))}).")
    for name, sides in merged.dropped.items():
        console.note(
            f"{name}: {_version(sides, 0) or 'removed'} here and {_version(sides, 1) or 'removed'} there;"
            " left out, 'hpm install' chooses anew."
        )
    return 0


def _version(sides: Sides, at: int) -> str | None:
    entry = sides[at]
    return str(entry.version) if entry else None


def _read(path: Path) -> Lockfile:
    """The lock in *path*; an empty file, as git gives for "there was none", locks nothing."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidLockfile(str(path), [f"It cannot be read: {error.strerror}."]) from error
    return parse_lockfile(data, str(path)) if data.strip() else create_empty()


COMMAND = Command(
    name="lock",
    summary="write package-lock.json without touching hem_modules",
    description=(
        "Afterwards package-lock.json answers package.json, with the versions that are locked already"
        " wherever they fit. What it has to record of new packages is downloaded to the store. With"
        " --merge the lock files of two branches become one, package by package; where both sides differ,"
        " the package is left out for the next 'hpm install' to choose."
    ),
    run=run,
    arguments=arguments,
    examples=(
        ("hpm lock", "lock what package.json asks for"),
        ("hpm lock --check", "for CI: exit with 9 if that would change the lock"),
        ("hpm lock --merge BASE OURS THEIRS", "what git runs as a merge driver"),
    ),
)
