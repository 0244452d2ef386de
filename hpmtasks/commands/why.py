"""why: the paths from the project to one package, from the lock alone."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from hpmtasks.commands.command import Command, Context
from hpmtasks.commands.named import named
from hpmtasks.errors import OutOfDate
from hpmtasks.model.graph import Chain, Link, find_why
from hpmtasks.model.lockfile import Lockfile, read_lockfile
from hpmtasks.model.manifest import read_manifest
from hpmtasks.model.package import PackageName
from hpmtasks.project.workspace import Member, Workspace, read_workspace

#: More paths, or more packages on them together, than anybody reads; a lock can hold exponentially many.
MOST_PATHS, MOST_LINKS = 100, 10_000
# Of a longer path the middle is left out; JSON has it.
_LONGEST_DRAWN = 24

_Branches: TypeAlias = dict[str, "_Branches"]


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm why``."""
    parser.add_argument("package", metavar="owner/repo", help="a locked package")


def run(context: Context) -> int:
    """Explain; see :data:`COMMAND`."""
    project, console = context.project, context.console
    manifest = read_manifest(project.manifest_path)
    workspace = read_workspace(project, root=manifest)
    lockfile = read_lockfile(project.lock_path)
    if lockfile is None:
        raise OutOfDate("There is no package-lock.json yet. Run 'hpm install' first.")
    own = workspace.by_name
    (name,) = named([context.arguments.package], {*lockfile.entries, *own}, "locked")
    members = [member.manifest for member in workspace.members]
    found = find_why(name, lockfile, manifest, members, most=MOST_PATHS + 1)
    paths = _bounded(found)
    console.result(
        {
            "name": str(name),
            **_standing_of(name, lockfile, own.get(name), paths),
            "paths": [
                [_as_data(link, own, is_requirer=at + 1 < len(path)) for at, link in enumerate(path)]
                for path in paths
            ],
            "complete": len(paths) == len(found),
        }
    )
    member = own.get(name)
    label = member.label if member else f"{name}@{lockfile.entries[name].version}"
    if member is not None:
        console.line(f"{label} is a member of this workspace, in {member.path}.")
    if not paths:
        if member is None:
            console.line(f"{label} is locked, and nothing requires it any more.")
            console.line("Run 'hpm install' to remove it.")
        else:
            console.line("Nothing requires it.")
        return 0
    console.line(f"{label} is {'in hem_modules' if member else 'installed'} because:\n")
    for line in _drawn_by_requirer(paths, workspace):
        console.line(line)
    if len(paths) < len(found):
        console.line(f"\nThese are the {len(paths)} shortest paths; there are more.")
    return 0


def _bounded(found: Sequence[Chain]) -> list[Chain]:
    """The first of *found*, together not longer than can be shown; one at least, if there is one."""
    paths: list[Chain] = []
    links = 0
    for path in found[:MOST_PATHS]:
        links += len(path)
        if paths and links > MOST_LINKS:
            break
        paths.append(path)
    return paths


def _standing_of(
    name: PackageName, lockfile: Lockfile, member: Member | None, paths: Sequence[Chain]
) -> dict[str, object]:
    if member is None:
        return {"version": str(lockfile.entries[name].version), "dev": lockfile.entries[name].dev}
    is_dev = all(any(link.dev for link in path) for path in paths)
    return {"version": str(member.version), "dev": bool(paths) and is_dev, "member": member.path}


def _drawn_by_requirer(paths: Sequence[Chain], workspace: Workspace) -> Iterator[str]:
    """A tree for the root, and one for each member that a path begins with."""
    own = workspace.by_name
    by_member: dict[str, list[Chain]] = {}
    for path in paths:
        member = own.get(path[0].name) if len(path) > 1 else None
        by_member.setdefault(member.path if member else "", []).append(path[1:] if member else path)
    is_first = True
    for member in workspace.everyone():
        if member.path not in by_member:
            continue
        if not is_first:
            yield ""
        is_first = False
        yield member.label if member.is_root else f"{member.label} ({member.path})"
        yield from _drawn(_joined(by_member[member.path]))


def _joined(paths: Sequence[Chain]) -> _Branches:
    """*paths* as one tree: what they begin with in common is there once."""
    root: _Branches = {}
    for path in paths:
        below = root
        for label in _labels(path):
            below = below.setdefault(label, {})
    return root


def _labels(path: Chain) -> list[str]:
    labels = [_label(link) for link in path]
    hidden = len(labels) - _LONGEST_DRAWN
    if hidden <= 0:
        return labels
    half = _LONGEST_DRAWN // 2
    return [*labels[:half], f"… {hidden} packages between …", *labels[-half:]]


def _label(link: Link) -> str:
    section = ", devDependencies" if link.dev else ""
    return f"{link.name}@{link.version} ({link.constraint or '*'}{section})"


def _drawn(branches: _Branches, margin: str = "") -> Iterator[str]:
    """A line for each package; no deeper than :func:`_labels` makes a path."""
    for label, below in branches.items():
        is_last = label == next(reversed(branches))
        yield f"{margin}{'└── ' if is_last else '├── '}{label}"
        yield from _drawn(below, margin + ("    " if is_last else "│   "))


def _as_data(link: Link, own: Mapping[PackageName, Member], *, is_requirer: bool) -> dict[str, object]:
    member = own.get(link.name)
    # A path ends at the first member: nobody has to require it.
    begins_here = member is not None and is_requirer
    return {
        "name": str(link.name),
        "version": str(link.version),
        "constraint": None if begins_here else link.constraint or "*",
        "dev": link.dev,
        **({"member": member.path} if member is not None else {}),
    }


COMMAND = Command(
    name="why",
    summary="explain why a package is installed",
    description=(
        "Prints every path from the project to the package, shortest first, with the constraint that each"
        " package puts on the next. In a workspace a path begins with the member that requires. Only"
        " package.json and package-lock.json are read."
    ),
    run=run,
    arguments=arguments,
    examples=(("hpm why hemlang/router", "who requires it, and in which versions"),),
)
