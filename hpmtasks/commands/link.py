"""link, unlink: a folder of this machine stands in for a package, and the locked package comes back."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from hpmtasks.commands.changes import Edit
from hpmtasks.commands.command import Command, Context
from hpmtasks.commands.named import named
from hpmtasks.commands.project_change import change_project, options_of
from hpmtasks.errors import Usage
from hpmtasks.files.undo import put_back_on_failure
from hpmtasks.model.manifest import Manifest
from hpmtasks.model.package import PackageName
from hpmtasks.project import Project
from hpmtasks.project.links import links_of, relative_to
from hpmtasks.project.workspace import read_workspace
from hpmtasks.session import Session
from hpmtasks.store.folder import UnusableFolder, read_folder_manifest


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm link``."""
    parser.add_argument("path", nargs="?", metavar="PATH", help="a folder with a package.json")
    parser.add_argument(
        "name", nargs="?", metavar="owner/repo", help="what it stands in for; default: the name in there"
    )
    parser.add_argument("--list", action="store_true", help="name the links, as without PATH")
    parser.add_argument("--offline", action="store_true", help="use the store alone; open no socket")


def unlink_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm unlink``."""
    parser.add_argument("packages", nargs="*", metavar="owner/repo", help="what to put back")
    parser.add_argument("--offline", action="store_true", help="use the store alone; open no socket")


def run(context: Context) -> int:
    """Link a folder, or list the links; see :data:`COMMAND`."""
    given, project = context.arguments, context.project
    if given.path is None:
        return _list(context)
    if given.list:
        raise Usage("'hpm link --list' takes no folder.")
    folder = Path(context.folder, given.path).absolute()
    manifest = _usable(project, folder, given.path)
    name = _name(given.name or manifest.name, given.path)

    def prepare(session: Session) -> Sequence[Edit]:
        locked = session.documents.lockfile.entries if session.documents.lockfile else {}
        spelled = {each: each for each in (*session.links, *locked)}
        links = {other: path for other, path in session.links.items() if other != name}
        session.relink({**links, spelled.get(name, name): folder})
        return ()

    with put_back_on_failure(project.links_path):
        return change_project(context, options_of(context), prepare)


def run_unlink(context: Context) -> int:
    """Put packages back; see :data:`UNLINK`."""
    project, words = context.project, context.arguments.packages
    if not words:
        raise Usage("Say which package to unlink, such as 'hpm unlink hemlang/sprout'.")
    names = named(words, links_of(project), "linked")

    def prepare(session: Session) -> Sequence[Edit]:
        session.relink({name: path for name, path in session.links.items() if name not in names})
        return ()

    with put_back_on_failure(project.links_path):
        return change_project(context, options_of(context), prepare)


def _list(context: Context) -> int:
    project, console = context.project, context.console
    links = links_of(project)
    console.result(
        {"links": [{"name": str(name), "path": relative_to(project, path)} for name, path in links.items()]}
    )
    if not links:
        console.line("No package is linked.")
    for name, path in links.items():
        console.line(f"{name} → {relative_to(project, path)}")
    return 0


def _usable(project: Project, folder: Path, given: str) -> Manifest:
    """The package.json of *folder*, which may be linked.

    Raises:
        Usage: It may not; the sentence says why.
    """
    if not folder.is_dir():
        raise Usage(f"{given}: there is no such folder.")
    member = next((each for each in read_workspace(project).members if each.folder == folder), None)
    if member is not None:
        raise Usage(
            f"{given} is a member of this workspace. Who requires it gets its files as they are:"
            f" hpm install {member}"
        )
    if folder.resolve().is_relative_to(project.root.resolve()):
        raise Usage(f"{given} is in the project itself; only a folder outside of it can be linked.")
    try:
        return read_folder_manifest(folder)
    except UnusableFolder as error:
        raise Usage(f"{given} cannot stand in for a package: {error}.") from error


def _name(text: str | None, given: str) -> PackageName:
    if text is None:
        raise Usage(f"The package.json in {given} has no name; say what it stands in for: owner/repo.")
    try:
        return PackageName.parse(text)
    except ValueError as error:
        raise Usage(f"{error}. Say what {given} stands in for: hpm link {given} owner/repo") from error


COMMAND = Command(
    name="link",
    summary="let a folder stand in for a package while you work on both",
    description=(
        "Afterwards hem_modules holds copies of the files in PATH that would be published, in the place"
        " of the package, whether package.json requires it or not. Each 'hpm install' copies them again"
        " if they have changed. Neither package.json nor package-lock.json mentions it: a link is"
        " this copy of the project's own, in .hpm/links.json. What the linked package requires is not"
        " installed by linking; what is missing is named. Without PATH the links are listed."
    ),
    run=run,
    arguments=arguments,
    examples=(
        ("hpm link ../sprout", "use the folder for the package that it is"),
        ("hpm link ../fork hemlang/sprout", "use it for another one"),
        ("hpm link --list", "which packages are linked"),
    ),
)

UNLINK = Command(
    name="unlink",
    summary="put the locked package back in the place of a linked folder",
    description=(
        "Afterwards the packages stand in hem_modules as package-lock.json has them, or not at all if"
        " nothing requires them. The linked folder is not touched."
    ),
    run=run_unlink,
    arguments=unlink_arguments,
    examples=(("hpm unlink hemlang/sprout", "use the locked package again"),),
)
