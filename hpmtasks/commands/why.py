"""why: the paths from the project to one package, from the lock alone."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from hpmtasks.commands.command import Command, Context
from hpmtasks.commands.named import named
from hpmtasks.errors import OutOfDate
from hpmtasks.model.graph import Chain, Link, find_why
from hpmtasks.model.lockfile import read_lockfile
from hpmtasks.model.manifest import read_manifest

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
    lockfile = read_lockfile(project.lock_path)
    if lockfile is None:
        raise OutOfDate("There is no package-lock.json yet. Run 'hpm install' first.")
    (name,) = named([context.arguments.package], lockfile.entries, "locked")
    entry = lockfile.entries[name]
    found = find_why(name, lockfile, manifest, most=MOST_PATHS + 1)
    paths = _bounded(found)
    console.result(
        {
            "name": str(name),
            "version": str(entry.version),
            "dev": entry.dev,
            "paths": [[_as_data(link) for link in path] for path in paths],
            "complete": len(paths) == len(found),
        }
    )
    if not paths:
        console.line(f"{name}@{entry.version} is locked, and nothing requires it any more.")
        console.line("Run 'hpm install' to remove it.")
        return 0
    console.line(f"{name}@{entry.version} is installed because:\n")
    console.line(f"{manifest.name}@{manifest.version}")
    for line in _drawn(_joined(paths)):
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


def _as_data(link: Link) -> dict[str, object]:
    return {
        "name": str(link.name),
        "version": str(link.version),
        "constraint": link.constraint or "*",
        "dev": link.dev,
    }


COMMAND = Command(
    name="why",
    summary="explain why a package is installed",
    description=(
        "Prints every path from the project to the package, shortest first, with the constraint that each"
        " package puts on the next. Only package.json and package-lock.json are read."
    ),
    run=run,
    arguments=arguments,
    examples=(("hpm why hemlang/router", "who requires it, and in which versions"),),
)
