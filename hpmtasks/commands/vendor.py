"""vendor: the locked packages as plain copies in a folder that can be committed."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from hpmtasks.commands.changes import counted
from hpmtasks.commands.command import Command, Context
from hpmtasks.commands.console import Console
from hpmtasks.commands.fetch import open_locked_session
from hpmtasks.errors import Usage
from hpmtasks.project import Project
from hpmtasks.session import Session
from hpmtasks.session.locked import locked_resolution
from hpmtasks.session.options import Options
from hpmtasks.store.vendor import Vendored, write_vendor

FOLDER = "vendor"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm vendor``."""
    parser.add_argument("--to", metavar="DIR", help="where to write (default: vendor, beside the lock)")
    parser.add_argument("--prod", action="store_true", help="leave out what only devDependencies need")
    parser.add_argument("--offline", action="store_true", help="use the store alone; open no socket")


def run(context: Context) -> int:
    """Copy; see :data:`COMMAND`."""
    from hpmtasks.stages.verify.action import fill, verified_tree

    given = context.arguments
    session = open_locked_session(context, Options(offline=given.offline, without_dev=given.prod))
    try:
        folder = _folder(context, session.project)
        packages = [each for each in locked_resolution(session).packages if session.options.lays_out(each)]
        fill(session, packages)
        trees = {each.id: verified_tree(session, each) for each in packages}
        done = write_vendor(session.store, folder, trees)
    finally:
        session.close()
    _tell(context.console, session, folder, done, len(packages))
    return 0


def _folder(context: Context, project: Project) -> Path:
    given = context.arguments.to
    folder = context.folder / given if given else project.root / FOLDER
    real = folder.resolve()
    if any(real.is_relative_to(own.resolve()) for own in (project.modules, project.state_folder)):
        raise Usage(f"--to {given}: this folder is hpm's own, and is made anew at any time.")
    return folder


def _tell(console: Console, session: Session, folder: Path, done: Vendored, packages: int) -> None:
    shown = session.project.relative(Path(os.path.normpath(folder)))
    for warning in session.warnings:
        console.note(f"Warning: {warning}")
    console.result(
        {
            "folder": shown,
            "packages": packages,
            "written": [str(package) for package in done.written],
            "removed": [str(package) for package in done.removed],
            "left": [str(package) for package in done.left],
            "warnings": session.warnings,
        }
    )
    for package in done.written:
        console.line(f"  + {package}")
    for package in done.removed:
        console.line(f"  - {package}")
    for package in done.left:
        console.note(f"Note: {package} is no longer locked; it was changed in {shown}, so it stays there.")
    if done.written or done.removed:
        console.line(f"\n{shown} holds {counted(packages)}.")
    else:
        console.line(f"{shown} is up to date ({counted(packages)}).")
    if done.written and not session.documents.manifest.sources:
        source = json.dumps({"match": "*", "type": "directory", "path": shown})
        console.note(f"To install from it, add this to hpm.sources in package.json: {source}")


COMMAND = Command(
    name="vendor",
    summary="copy the locked packages into a folder of the project",
    description=(
        "Afterwards vendor/owner/repo/v1.2.3 holds plain copies of what package-lock.json names, and"
        " hpm-vendor.json says what was put there. A source of type directory can serve the folder."
        " Doing it again changes only what the lock changed; files that hpm did not write are never"
        " removed or replaced."
    ),
    run=run,
    arguments=arguments,
    examples=(
        ("hpm vendor", "copy everything that is locked"),
        ("hpm vendor --prod --to third_party", "what the project needs to run, elsewhere"),
    ),
)
