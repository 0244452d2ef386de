"""front: the program that says "nothing to do" without starting Python: made, removed, looked at."""

from __future__ import annotations

import argparse

from hpmtasks.commands.command import Command, Context
from hpmtasks.session.compiled_front import CompiledFront, build, look, own_program, remove


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm front``."""
    parser.add_argument(
        "action",
        nargs="?",
        metavar="install|remove|status",
        choices=("install", "remove", "status"),
        default="status",
        help="default: status",
    )


def run(context: Context) -> int:
    """Make, remove or show it; see :data:`COMMAND`."""
    action, console = context.arguments.action, context.console
    if action == "remove":
        was_there = remove(context.environ)
        found = look(context.environ)
        told = f"Removed {found.path}" if was_there else f"There is no {found.path}"
    elif action == "install":
        with console.progress("compiling"):
            found = build(context.environ)
        told = f"Made {found.path}, for {' '.join(own_program())}"
    else:
        found = look(context.environ)
        told = _told(found)
    console.result({"path": str(found.path), "status": found.status, "isFirst": found.is_first})
    if action == "status":
        console.line(told)
    else:
        console.report(told)
    if found.status == "current" and not found.is_first:
        console.note(_way_in(found))
    return 0


def _told(found: CompiledFront) -> str:
    return {
        "absent": f"There is none; 'hpm front install' makes {found.path}.",
        "current": f"{found.path} was made for this hpm.",
        "outdated": f"{found.path} was made for another hpm; 'hpm front install' makes it anew.",
        "foreign": f"{found.path} is not a front that hpm made.",
    }[found.status]


def _way_in(found: CompiledFront) -> str:
    folder = found.path.parent
    return f'Note: A shell does not find it yet. Put its folder first: export PATH="{folder}:$PATH"'


COMMAND = Command(
    name="front",
    summary="answer 'nothing to do' without starting Python",
    description=(
        "Lets the C compiler of this machine (cc) make a small program, bin/hpm in hpm's home. Where it"
        " stands first on the PATH it is what 'hpm' runs: it says that there is nothing to install, by the"
        " same stamp and in the same words, and leaves everything else to the hpm that made it. It is never"
        " needed, only quicker. After an upgrade of hpm it answers nothing itself until it is made anew."
    ),
    run=run,
    arguments=arguments,
    examples=(
        ("hpm front", "whether there is one, and whether a shell finds it"),
        ("hpm front install", "make it, or make it anew after an upgrade"),
        ("hpm front remove", "be without it again"),
    ),
)
