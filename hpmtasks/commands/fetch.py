"""fetch: the store holds what the lock names; nothing else is written."""

from __future__ import annotations

import argparse
import time

from hpmtasks.commands.changes import counted
from hpmtasks.commands.command import Command, Context
from hpmtasks.project.state import State
from hpmtasks.session import Session
from hpmtasks.session.locked import find_locked_project, locked_resolution
from hpmtasks.session.options import Options


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm fetch``."""
    parser.add_argument("--prod", action="store_true", help="leave out what only devDependencies need")
    parser.add_argument("--offline", action="store_true", help="only check that all is there; open no socket")


def run(context: Context) -> int:
    """Fill the store; see :data:`COMMAND`."""
    from hpmtasks.stages.verify.action import fill

    given, console = context.arguments, context.console
    began = time.monotonic()
    session = open_locked_session(context, Options(offline=given.offline, without_dev=given.prod))
    try:
        packages = [each for each in locked_resolution(session).packages if session.options.lays_out(each)]
        fetched = fill(session, packages)
    finally:
        session.close()
    seconds = time.monotonic() - began
    new = {each.name for each in fetched}
    for warning in session.warnings:
        console.warning(warning)
    console.result(
        {
            "store": str(context.settings.cache_dir),
            "packages": [
                {
                    "name": str(each.name),
                    "version": str(each.version),
                    "commit": each.commit,
                    "fetched": each.name in new,
                }
                for each in packages
            ],
            "warnings": session.warnings,
            "seconds": round(seconds, 3),
        }
    )
    for package in fetched:
        console.report(f"  + {package.id}")
    if fetched:
        console.report(f"\nFetched {len(fetched)} of {counted(len(packages))} in {seconds:.1f}s")
    else:
        console.report(f"The store has everything already ({counted(len(packages))}).")
    return 0


def open_locked_session(context: Context, options: Options) -> Session:
    """A session over a project that may consist of nothing but a lock; the caller closes it."""
    project = find_locked_project(context.folder)
    state = State(project.state_path)
    session = Session(project, context.settings, state, options, progress=context.console.progress)
    session.documents.do_without_manifest()
    return session


COMMAND = Command(
    name="fetch",
    summary="fill the store with what package-lock.json names",
    description=(
        "Afterwards the store holds every locked package, verified, so that 'hpm ci --offline' needs no"
        " network. package.json is not needed, and nothing is written beside the store: in an image, a"
        " layer that depends on the lock alone."
    ),
    run=run,
    arguments=arguments,
    examples=(
        ("hpm fetch", "everything that is locked"),
        ("hpm fetch --prod", "without what only devDependencies need"),
    ),
)
