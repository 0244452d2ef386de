"""uninstall: requirements leave package.json, and what nothing else needs leaves the project."""

from __future__ import annotations

import argparse

from hpmtasks.commands.changes import Done, Edit, dependents, told
from hpmtasks.commands.command import Command, Context
from hpmtasks.commands.console import Console
from hpmtasks.commands.named import named
from hpmtasks.commands.project_change import add_carefulness, add_selection, change_project, options_of
from hpmtasks.errors import NotInProject, Usage
from hpmtasks.model.manifest import Manifest, read_manifest, remove_dependency
from hpmtasks.model.package import PackageName
from hpmtasks.session import Session


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm uninstall``."""
    parser.add_argument(
        "packages", nargs="*", metavar="owner/repo", help="packages to remove from package.json"
    )
    add_carefulness(parser)
    add_selection(parser)


def run(context: Context) -> int:
    """Remove; see :data:`COMMAND`."""
    words = context.arguments.packages
    if not words:
        raise Usage("Say which packages to remove, such as 'hpm uninstall hemlang/sprout'.")
    return change_project(context, options_of(context), lambda session: _give_up(session, words), _tell)


def _give_up(session: Session, words: list[str]) -> list[Edit]:
    """The session's candidate manifest requires none of *words*; the result is what that changes."""
    manifest = read_manifest(session.project.manifest_path)
    sections = _sections(manifest)
    try:
        names = named(words, sections, "in package.json")
    except NotInProject as error:
        raise _explained(session, error) from None
    text = manifest.text
    for name in names:
        text = remove_dependency(text, str(name))
    session.documents.adopt_candidate(text)
    return [Edit(name, None, section) for name in names for section in sections[name]]


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
    """*error*, with who requires the packages that are only locked."""
    lockfile = session.documents.lockfile
    asked = {package.lower() for package in error.packages}
    parents = {
        str(parent): str(name)
        for parent, entry in (lockfile.entries.items() if lockfile else ())
        for name in entry.dependencies
        if name.key in asked
    }
    if not parents:
        return error
    reasons = "\n".join(f"  {parent} requires {name}" for parent, name in sorted(parents.items())[:10])
    return NotInProject(f"{error.message}\n\n{reasons}", packages=error.packages, near=error.near)


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
            parents = dependents(name, done.resolution)
            verb = "requires" if len(parents) == 1 else "require"
            console.line(f"{package.id} is still installed: {' and '.join(parents)} {verb} it")
    for change in done.changes:
        if change.after is not None:
            console.change(told(change, done.resolution))
    wrote = "Would update" if done.is_preview else "Updated"
    console.line(f"{wrote} package.json")
    if done.wrote_lock or (done.is_preview and done.locked):
        console.line(f"{wrote} package-lock.json")


COMMAND = Command(
    name="uninstall",
    summary="remove packages from package.json, and what only they needed",
    description=(
        "Afterwards package.json requires none of the named packages, in neither section, and hem_modules"
        " and package-lock.json hold what is still needed. A package that others require stays installed;"
        " the output says who does."
    ),
    run=run,
    arguments=arguments,
    examples=(
        ("hpm uninstall hemlang/sprout", "remove a package and what only it needed"),
        ("hpm rm hemlang/sprout --dry-run", "say what that would remove"),
    ),
)
