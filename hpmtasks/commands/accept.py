"""accept: what a moved tag, or a name that was given to another repository, means now is taken."""

from __future__ import annotations

import argparse
from functools import partial

from hpmtasks.commands.changes import Done, Edit
from hpmtasks.commands.command import Command, Context
from hpmtasks.commands.console import Console
from hpmtasks.commands.differences import patch, statistics
from hpmtasks.commands.named import named
from hpmtasks.commands.project_change import change_project, options_of
from hpmtasks.errors import HpmError, NoSuchVersion, Usage
from hpmtasks.model.lockfile import LockEntry, read_lockfile
from hpmtasks.model.package import PackageId, PackageName
from hpmtasks.model.specifier import parse_specifier
from hpmtasks.session import Session
from hpmtasks.session.moved import Move, find_move
from hpmtasks.session.review import Edition, difference, summary_of


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm accept``."""
    parser.add_argument("package", metavar="owner/repo@version", help="the locked version that was moved")
    parser.add_argument("--dry-run", action="store_true", help="show what differs, and change nothing")


def run(context: Context) -> int:
    """Accept; see :data:`COMMAND`."""
    lockfile = read_lockfile(context.project.lock_path)
    entries = lockfile.entries if lockfile else {}
    name, version = _parse(context.arguments.package)
    (name,) = named([str(name)], entries, "locked")
    entry = entries[name]
    if version.removeprefix("v") != str(entry.version):
        raise Usage(
            f"{name} is locked at {entry.version}, not at {version}.\n\n"
            f"Write: hpm accept {name}@{entry.version}"
        )
    options = options_of(context, accept=frozenset({name}))
    return change_project(context, options, partial(_look, context, name, entry), partial(_tell, name, entry))


def _parse(word: str) -> tuple[PackageName, str]:
    try:
        name, version = parse_specifier(word)
    except ValueError as error:
        raise Usage(str(error)) from error
    if version is None:
        raise Usage(f"{word} names no version. Write it as it is locked: hpm accept {word}@1.0.0")
    return name, version


def _look(context: Context, name: PackageName, entry: LockEntry, session: Session) -> list[Edit]:
    """It is shown what differs, if anything was moved; nothing of package.json changes.

    Raises:
        Usage: Nothing was.
        NoSuchVersion: The tag is gone.
    """
    if session.source_of(name).kind == "directory" or entry.commit is None:
        raise Usage(
            f"{name} is not locked by a commit, so no tag can have been moved.\n\nRun: hpm update {name}"
        )
    tags = session.tags(name).tags
    tag = next((tag for tag in tags if str(tag.version) == str(entry.version)), None)
    if tag is None:
        raise NoSuchVersion(
            f"{name} has no tag for {entry.version} any more, so there is nothing to take instead.\n\n"
            f"To take another version: hpm update {name}",
            name=str(name),
            constraint=str(entry.version),
            available=[str(each.version) for each in tags],
        )
    move = find_move(session, name)
    if move is None:
        raise Usage(
            f"{PackageId(name, tag.version)} is what was locked, commit {tag.commit[:12]}. Nothing was moved."
        )
    _show(context, session, move, Edition.tagged(name, tag))
    return []


def _show(context: Context, session: Session, move: Move, now: Edition) -> None:
    """What differs: every line in a preview, else a line for each file."""
    console = context.console
    if move.repositories is not None:
        before, after = move.repositories
        console.line(f"{move.locked.name}: repository {before} → {after}")
    if move.now is None:
        return
    console.line(f"{move.package}: {move.locked.commit[:12]} → {now.commit[:12]}")
    try:
        found = difference(session, move.locked, now)
    except HpmError as error:
        console.note(f"Warning: What differs cannot be shown: {str(error).partition(chr(10))[0]}")
        return
    console.line(f"What differs: {summary_of(found.files)}")
    for line in patch(found) if context.arguments.dry_run else statistics(found.files):
        console.line(line)


def _tell(name: PackageName, entry: LockEntry, console: Console, done: Done) -> None:
    now = done.resolution.by_name[name]
    took = "Would take" if done.is_preview else "Took"
    instead = f" instead of {str(entry.commit)[:12]}" if now.commit != entry.commit else ""
    console.line(f"\n{took} {now.id} as it is now, commit {now.commit[:12]}{instead}.")


COMMAND = Command(
    name="accept",
    summary="take what a moved tag points at now",
    description=(
        "A tag that was moved after its version was locked is not followed, and so is a name that was"
        " given to another repository: 'hpm update' and 'hpm outdated' tell of them. Afterwards the lock"
        " has the commit that the tag points at now, with its digests, and hem_modules its files. If"
        " nothing was moved, that is an error."
    ),
    run=run,
    arguments=arguments,
    examples=(
        ("hpm accept hemlang/sprout@1.0.0 --dry-run", "show what differs"),
        ("hpm accept hemlang/sprout@1.0.0", "take it"),
    ),
)
