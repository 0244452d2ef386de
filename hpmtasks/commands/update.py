"""update: the newest versions that are allowed, or, by moving what is allowed, the newest there are."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial

from hpmtasks.commands.changes import Done, Edit, summary, told
from hpmtasks.commands.command import Command, Context
from hpmtasks.commands.console import Console
from hpmtasks.commands.named import named
from hpmtasks.commands.project_change import (
    Prepare,
    add_carefulness,
    add_selection,
    change_project,
    options_of,
)
from hpmtasks.commands.reviewing import require_someone_to_ask, review_and_ask
from hpmtasks.errors import Usage
from hpmtasks.model.lockfile import read_lockfile
from hpmtasks.model.manifest import get_all_dependencies, read_manifest, set_constraint
from hpmtasks.model.package import PackageName
from hpmtasks.project.workspace import Member, Workspace, read_workspace
from hpmtasks.semver.constraint import Constraint, moved_to
from hpmtasks.semver.version import Version
from hpmtasks.session import Session
from hpmtasks.session.newest import newest_of


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm update``."""
    parser.add_argument(
        "packages", nargs="*", metavar="owner/repo", help="packages to update; none: all of them"
    )
    parser.add_argument(
        "--latest",
        action="store_true",
        help="let package.json ask for the newest release; ^, ~, >= and exact versions stay what they are",
    )
    parser.add_argument(
        "--review", action="store_true", help="show what differs in the sources, and ask before taking it"
    )
    parser.add_argument("-y", "--yes", action="store_true", help="with --review: show, and do not ask")
    add_carefulness(parser)
    add_selection(parser)


def run(context: Context) -> int:
    """Update; see :data:`COMMAND`."""
    words, latest = context.arguments.packages, context.arguments.latest
    project = context.project
    workspace = read_workspace(project, root=read_manifest(project.manifest_path))
    required = {
        each.name for member in workspace.everyone() for each in get_all_dependencies(member.manifest)
    } - workspace.by_name.keys()
    lockfile = read_lockfile(project.lock_path)
    locked = lockfile.entries if lockfile else {}
    names = named(words, {*required, *locked, *workspace.by_name}, "required or locked")
    if own := [str(name) for name in names if name in workspace.by_name]:
        raise Usage(
            f"{' and '.join(own)} {'is a member' if len(own) == 1 else 'are members'} of this workspace:"
            " of a member there is the version that its package.json says."
        )
    if latest and (deep := [str(name) for name in names if name not in required]):
        raise Usage(
            f"{' and '.join(deep)} is not in {_files(workspace)}, and --latest moves only what stands there."
            "\n\n"
            "Without --latest it is updated as far as the packages that require it allow."
        )
    options = options_of(context, update=frozenset(names), update_all=not words)
    wanted = (names if words else sorted(required)) if latest else []
    prepare: Prepare = partial(_take_latest, names=wanted)
    if context.arguments.review:
        require_someone_to_ask(context)
        prepare = partial(_reviewed, context, prepare)
    return change_project(context, options, prepare, _tell)


def _reviewed(context: Context, prepare: Prepare, session: Session) -> Sequence[Edit]:
    """The edits of *prepare*, after the user has seen what they and the new versions bring, and agreed."""
    edits = prepare(session)
    review_and_ask(context, session)
    return edits


def _take_latest(session: Session, names: list[PackageName]) -> list[Edit]:
    """The candidate manifests of the root and all members ask for the newest release of each of *names*."""
    for name in names:
        session.expect_tags(name)
    return [
        edit for member in session.workspace.everyone() for edit in _take_latest_of(session, member, names)
    ]


def _take_latest_of(session: Session, member: Member, names: list[PackageName]) -> list[Edit]:
    manifest = member.manifest
    text = manifest.text
    edits: list[Edit] = []
    moved: dict[PackageName, None] = {}
    for section, requirements in (
        ("dependencies", manifest.requirements),
        ("devDependencies", manifest.dev_requirements),
    ):
        for requirement in requirements:
            name = requirement.name
            if name not in names:
                continue
            versions = [tag.version for tag in session.ages.settled(name)]
            constraint = _moved(requirement.constraint, versions)
            if constraint != requirement.constraint.text:
                text = set_constraint(text, section, str(name), constraint)
                edits.append(Edit(name, constraint, section, member.shown_manifest))
                moved[name] = None
    if edits:
        session.documents.adopt_candidate(text, moved, member=member.path)
    return edits


def _files(workspace: Workspace) -> str:
    return "any package.json of this workspace" if workspace.members else "package.json"


def _moved(constraint: Constraint, versions: list[Version]) -> str:
    """*constraint* on the newest of *versions*, unless it allows a newer one: a prerelease that is meant."""
    if not versions:
        return constraint.text
    newest = newest_of(versions)
    if any(version > newest for version in versions if constraint.allows(version)):
        return constraint.text
    return moved_to(constraint, newest)


def _tell(console: Console, done: Done) -> None:
    moved = {change.name for change in done.locked}
    healed = [change for change in done.changes if change.name not in moved]
    if done.locked:
        console.line("Would update:" if done.is_preview else "Updating dependencies...")
    for change in done.locked:
        if change.before and change.after:
            console.line(f"  {change.name}: {change.before} → {change.after}")
        else:
            console.change(told(change, done.resolution))
    if done.edits:
        files = " and ".join(dict.fromkeys(edit.file for edit in done.edits))
        console.line("Would write:" if done.is_preview else f"Writing {files}:")
    for edit in done.edits:
        console.line(str(edit))
    for change in healed:
        console.change(told(change, done.resolution))
    if not done.locked:
        console.line(
            "Nothing to update: every package has the newest version that its requirements allow."
            if not done.edits
            else "The locked versions stay as they are."
        )
    elif not done.is_preview:
        console.line(f"\n{summary(done.locked)} in {done.seconds:.1f}s")


COMMAND = Command(
    name="update",
    summary="take the newest versions that package.json allows",
    description=(
        "Afterwards the named packages, or all, have the newest versions that every requirement on them"
        " allows; the others stay as locked unless they have to move. With --latest package.json is"
        " changed first to ask for the newest releases. A tag that was moved since it was locked is told"
        " and not followed. With --review the differences of the sources are shown first, and nothing is"
        " written unless you agree. A workspace is updated as a whole."
    ),
    run=run,
    arguments=arguments,
    examples=(
        ("hpm update", "all packages, within package.json"),
        ("hpm update hemlang/sprout", "this one"),
        ("hpm update --latest", "the newest releases, and package.json asks for them"),
        ("hpm update --review", "read what the new versions bring, then decide"),
        ("hpm update --dry-run", "say what would change"),
    ),
)
