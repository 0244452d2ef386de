"""ci: hem_modules made anew, exactly as locked."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from hpmtasks.commands.changes import Edit
from hpmtasks.commands.command import Command, Context
from hpmtasks.commands.project_change import add_selection, change_project, options_of
from hpmtasks.files.removal import remove_tree
from hpmtasks.session import Session
from hpmtasks.session.copies import occupant_of
from hpmtasks.session.locked import locked_resolution


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm ci``."""
    parser.add_argument("--offline", action="store_true", help="use the store alone; open no socket")
    add_selection(parser)


def run(context: Context) -> int:
    """Install; see :data:`COMMAND`."""
    return change_project(context, options_of(context, frozen=True), _start_clean)


def _start_clean(session: Session) -> Sequence[Edit]:
    """There is no hem_modules. Everything that may fail has been done before it is removed."""
    from hpmtasks.stages.resolve.action import require_answering_lock
    from hpmtasks.stages.verify.action import fill

    require_answering_lock(session, "'hpm ci'")
    locked = locked_resolution(session)
    fill(session, [each for each in locked.packages if session.options.lays_out(each)])
    for name, folder in session.stand_ins(locked).items():
        occupant_of(session, name, folder)  # it can be copied
    remove_tree(session.project.modules)
    return ()


COMMAND = Command(
    name="ci",
    summary="install exactly what is locked into an empty hem_modules",
    description=(
        "Afterwards hem_modules holds what package-lock.json names and nothing else, whatever was there"
        " before; neither package-lock.json nor package.json is touched. Without a lock, or with one that"
        " does not answer package.json, nothing is done and the exit code is 9. What the store has is not"
        " downloaded again, and nothing is removed before everything is in the store."
    ),
    run=run,
    arguments=arguments,
    examples=(
        ("hpm ci", "what a build server runs"),
        ("hpm ci --prod", "without what only devDependencies need"),
    ),
)
