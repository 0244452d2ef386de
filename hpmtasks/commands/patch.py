"""patch, patch-commit: change an installed package, and keep the change with the project."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from hpmtasks.commands.changes import Edit
from hpmtasks.commands.command import Command, Context
from hpmtasks.commands.named import named
from hpmtasks.commands.project_change import change_project, open_session, options_of
from hpmtasks.errors import Usage
from hpmtasks.files.atomic import write_atomically
from hpmtasks.files.failures import storage_failures
from hpmtasks.files.undo import put_back_on_failure
from hpmtasks.model.json_text import REMOVE, edit_member
from hpmtasks.model.manifest import read_manifest
from hpmtasks.model.package import PackageId
from hpmtasks.model.patches import name_of_patch, patches_of
from hpmtasks.model.resolution import ResolvedPackage
from hpmtasks.project.links import relative_to
from hpmtasks.session import Session
from hpmtasks.session.editing import edit_of, end_edit, locked_packages, start_edit
from hpmtasks.session.options import Options
from hpmtasks.session.patching import make_patch

SECTION = ("hpm", "patches")


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm patch``."""
    parser.add_argument("package", metavar="owner/repo", help="which package")
    parser.add_argument(
        "--reset", action="store_true", help="begin anew with the published files; what was edited is lost"
    )
    parser.add_argument("--offline", action="store_true", help="use the store alone; open no socket")


def commit_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm patch-commit``."""
    parser.add_argument("package", metavar="owner/repo", help="which package")
    parser.add_argument("--offline", action="store_true", help="use the store alone; open no socket")


def run(context: Context) -> int:
    """Make a copy to edit; see :data:`COMMAND`."""
    session = open_session(context, Options(offline=context.arguments.offline))
    console = context.console
    try:
        with session.project.mutex:
            package = _package(context, session)
            begins_anew = context.arguments.reset
            folder = None if begins_anew else edit_of(session, package)
            if folder is None:
                folder = start_edit(session, package, as_published=begins_anew)
            else:
                console.note(f"{package.id} is being edited already; --reset begins anew.")
    finally:
        session.close()
    console.result({"package": str(package.name), "version": str(package.version), "path": str(folder)})
    console.line(str(folder))
    console.note(f"Edit the files there, then run: hpm patch-commit {package.name}")
    return 0


def run_commit(context: Context) -> int:
    """Make a patch of what was edited; see :data:`COMMIT`."""
    project = context.project
    session = open_session(context, Options(offline=context.arguments.offline))
    try:
        with project.mutex:
            package = _package(context, session)
            folder = edit_of(session, package)
            if folder is None:
                raise Usage(f"{package.name} is not being edited. Run 'hpm patch {package.name}' first.")
            diff = make_patch(session, package, folder)
            manifest = read_manifest(project.manifest_path)
            known = patches_of(manifest, str(project.manifest_path)).get(package.id)
    finally:
        session.close()
    if not diff and known is None:
        end_edit(session, package.name)
        context.console.result({"manifest": [], "changes": []})
        context.console.line(f"Nothing differs from {package.id}; there is nothing to patch.")
        return 0
    path = known or name_of_patch(package.id)

    def prepare(session: Session) -> Sequence[Edit]:
        return _record(session, package.id, path, diff)

    with put_back_on_failure(project.root / path):
        code = change_project(context, options_of(context), prepare)
    end_edit(session, package.name)
    if not diff:
        (project.root / path).unlink(missing_ok=True)
    return code


def _package(context: Context, session: Session) -> ResolvedPackage:
    """The locked package that the command line names; a linked one is edited where it is."""
    packages = locked_packages(session).by_name
    name = named([context.arguments.package], packages, "in package-lock.json")[0]
    if name in session.links:
        where = relative_to(session.project, session.links[name])
        raise Usage(f"{name} is linked to {where}: edit it there, or run 'hpm unlink {name}' first.")
    return packages[name]


def _record(session: Session, package: PackageId, path: str, diff: bytes) -> list[Edit]:
    """The patch stands at *path* and the session's candidate manifest names it; without *diff* no longer."""
    manifest = read_manifest(session.project.manifest_path)
    known = patches_of(manifest, str(session.project.manifest_path))
    key = next(
        (each for each in manifest.policy.get("patches") or {} if _is(each, package)),
        str(package),
    )
    session.documents.adopt_candidate(edit_member(manifest.text, [*SECTION, key], path if diff else REMOVE))
    if diff:
        file = session.project.root / path
        with storage_failures("write", file):
            file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, diff, durable=True)
    changed = (known.get(package) is None) == bool(diff)
    return [Edit(package, path if diff else None, ".".join(SECTION))] if changed else []


def _is(key: str, package: PackageId) -> bool:
    return key.lower() == str(package).lower()


COMMAND = Command(
    name="patch",
    summary="make a copy of a package to edit, for a patch",
    description=(
        "Prints the path of a folder in .hpm that holds a copy of the locked package, with its patch"
        " applied if it has one. Edit it, and let 'hpm patch-commit' make a patch of what you changed."
    ),
    run=run,
    arguments=arguments,
    examples=(
        ("hpm patch hemlang/sprout", "begin, or go on"),
        ("hpm patch-commit hemlang/sprout", "keep what was changed as a patch"),
    ),
)

COMMIT = Command(
    name="patch-commit",
    summary="make a patch of what was edited, and install it",
    description=(
        "Afterwards patches/owner+repo@version.patch holds what was changed, package.json names it under"
        " hpm.patches, and the package is installed with it, here and wherever the project is installed."
        " package-lock.json stays as it is. Only text can be patched, and git must be on the PATH. If nothing"
        " was changed, the package's patch is removed."
    ),
    run=run_commit,
    arguments=commit_arguments,
    examples=(("hpm patch-commit hemlang/sprout", "keep what was changed as a patch"),),
)
