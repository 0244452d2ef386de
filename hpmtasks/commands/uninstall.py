"""uninstall: requirements leave package.json, and what nothing else needs leaves the project."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from hpmtasks.commands.changes import Done, Edit, dependents, told
from hpmtasks.commands.command import Command, Context
from hpmtasks.commands.console import Console
from hpmtasks.commands.members import add_member_options, meant_member
from hpmtasks.commands.named import named
from hpmtasks.commands.project_change import add_carefulness, add_selection, change_project, options_of
from hpmtasks.errors import NotInProject, Usage
from hpmtasks.model.manifest import Manifest, get_all_dependencies, remove_dependency
from hpmtasks.model.package import PackageName
from hpmtasks.project.workspace import Member
from hpmtasks.session import Session


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm uninstall``."""
    parser.add_argument(
        "packages", nargs="*", metavar="owner/repo", help="packages to remove from package.json"
    )
    add_member_options(parser)
    parser.add_argument(
        "--everywhere", action="store_true", help="from the root and from every member of the workspace"
    )
    add_carefulness(parser)
    add_selection(parser)


def run(context: Context) -> int:
    """Remove; see :data:`COMMAND`."""
    words = context.arguments.packages
    if not words:
        raise Usage("Say which packages to remove, such as 'hpm uninstall hemlang/sprout'.")
    given = context.arguments
    if given.everywhere and (given.root or given.member):
        raise Usage("--everywhere means the root and every member; leave --root and --member out.")

    def give_up(session: Session) -> list[Edit]:
        everyone = session.workspace.everyone()
        members = everyone if given.everywhere else (meant_member(context, session.workspace),)
        return _give_up(session, words, members)

    return change_project(context, options_of(context), give_up, _tell)


def _give_up(session: Session, words: list[str], members: Sequence[Member]) -> list[Edit]:
    """The candidate manifests of *members* require none of *words*; the result is what that changes."""
    sections = {member.path: _sections(member.manifest) for member in members}
    where = members[0].shown_manifest if len(members) == 1 else "required by the root or a member"
    try:
        names = named(words, {name for found in sections.values() for name in found}, f"in {where}")
    except NotInProject as error:
        raise _explained(session, error) from None
    edits = []
    for member in members:
        text = member.manifest.text
        for name in names:
            found = sections[member.path].get(name, ())
            edits += [Edit(name, None, section, member.shown_manifest) for section in found]
            text = remove_dependency(text, str(name)) if found else text
        if text != member.manifest.text:
            session.documents.adopt_candidate(text, member=member.path)
    return edits


def _sections(manifest: Manifest) -> dict[PackageName, list[str]]:
    """The sections that each requirement stands in."""
    found: dict[PackageName, list[str]] = {}
    for section, requirements in (
        ("dependencies", manifest.requirements),
        ("devDependencies", manifest.dev_requirements),
    ):
        for requirement in requirements:
            found.setdefault(requirement.name, []).append(section)
    return found


def _explained(session: Session, error: NotInProject) -> NotInProject:
    """*error*, with who requires the packages: other members, or packages that are only locked."""
    lockfile = session.documents.lockfile
    asked = {package.lower() for package in error.packages}
    requirers = [
        f"  {member} requires {each.name}: hpm uninstall {each.name} {_option(member)}"
        for member in session.workspace.everyone()
        for each in get_all_dependencies(member.manifest)
        if each.name.key in asked
    ]
    parents = {
        str(parent): str(name)
        for parent, entry in (lockfile.entries.items() if lockfile else ())
        for name in entry.dependencies
        if name.key in asked
    }
    if not parents and not requirers:
        return error
    requirers += [f"  {parent} requires {name}" for parent, name in sorted(parents.items())[:10]]
    reasons = "\n".join(requirers)
    return NotInProject(f"{error.message}\n\n{reasons}", packages=error.packages, near=error.near)


def _option(member: Member) -> str:
    return "--root" if member.is_root else f"--member {member}"


def _tell(console: Console, done: Done) -> None:
    would = "Would remove" if done.is_preview else "Removed"
    gone = {change.name: change for change in (*done.changes, *done.locked) if change.after is None}
    required = {edit.name for edit in done.edits if isinstance(edit.name, PackageName)}
    for name in sorted({*gone, *required}):
        package = done.resolution.by_name.get(name)
        if package is None:
            version = gone[name].before if name in gone else None
            console.line(f"{would} {name}@{version}" if version else f"{would} {name}")
        else:
            parents = [*done.requirers.get(name, ()), *dependents(name, done.resolution)]
            verb = "requires" if len(parents) == 1 else "require"
            console.line(f"{package.id} is still installed: {' and '.join(parents)} {verb} it")
    for change in done.changes:
        if change.after is not None:
            console.change(told(change, done.resolution))
    wrote = "Would update" if done.is_preview else "Updated"
    for file in dict.fromkeys(edit.file for edit in done.edits):
        console.line(f"{wrote} {file}")
    if done.wrote_lock or (done.is_preview and done.locked):
        console.line(f"{wrote} package-lock.json")


COMMAND = Command(
    name="uninstall",
    summary="remove packages from package.json, and what only they needed",
    description=(
        "Afterwards package.json requires none of the named packages, in neither section, and hem_modules"
        " and package-lock.json hold what is still needed. A package that others require stays installed;"
        " the output says who does. In a workspace it is the package.json of the member whose folder you"
        " are in."
    ),
    run=run,
    arguments=arguments,
    examples=(
        ("hpm uninstall hemlang/sprout", "remove a package and what only it needed"),
        ("hpm rm hemlang/sprout --dry-run", "say what that would remove"),
    ),
)
