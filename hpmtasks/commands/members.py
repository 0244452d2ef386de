"""members: which member of a workspace a command line means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hpmtasks.commands.command import Context
from hpmtasks.errors import Usage
from hpmtasks.project.workspace import Member, Workspace, read_workspace

if TYPE_CHECKING:
    import argparse


def add_member_options(parser: argparse.ArgumentParser) -> None:
    """``--root`` and ``--member``."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "-w", "--root", action="store_true", help="in a workspace: change package.json of its root"
    )
    which.add_argument("--member", metavar="NAME", help="change that of this member, by its name or folder")


def meant_member(context: Context, workspace: Workspace) -> Member:
    """The member that the options name, else the one that the command was started in, else the root.

    Raises:
        NotInProject: There is no such member.
        Usage: It may be several.
    """
    given = vars(context.arguments)
    if given.get("root"):
        return workspace.root
    if given.get("member"):
        return workspace.named(given["member"])
    return workspace.at(context.project.start)


def own_folder(context: Context) -> Path:
    """The folder of the project, or of the member of the workspace, that the command was started in."""
    return read_workspace(context.project).at(context.project.start).folder


def require_another(member: Member, name: object) -> None:
    """*name* is not *member* itself.

    Raises:
        Usage: It is.
    """
    if member.package == name:
        raise Usage(f"{name} is {member.shown_manifest} itself, and no package requires itself.")
