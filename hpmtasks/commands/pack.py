"""pack: what users would get from this project as a package."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from hpmtasks.commands.cache import in_units
from hpmtasks.commands.command import Command, Context
from hpmtasks.commands.members import own_folder
from hpmtasks.errors import Usage
from hpmtasks.model.manifest import read_manifest
from hpmtasks.project import MANIFEST
from hpmtasks.session.packing import Finding, Packing, pack
from hpmtasks.sources.working_copy import WorkingCopy

#: The exit code of ``--fail`` when something was found.
FINDINGS = 10
_MOST_PATHS = 10


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm pack``."""
    parser.add_argument(
        "--list", action="store_true", help="list the files that users would get, and what is wrong with them"
    )
    parser.add_argument("--fail", action="store_true", help="exit 10 if anything is wrong")


def run(context: Context) -> int:
    """List; see :data:`COMMAND`."""
    given = context.arguments
    if not given.list:
        raise Usage(
            "'hpm pack' shows with --list what users would get.\n\n"
            "There is nothing to pack: a package is published by pushing a tag. See 'hpm help release'."
        )
    console, folder = context.console, own_folder(context)
    packing = pack(WorkingCopy.around(folder, context.environ), read_manifest(folder / MANIFEST))
    console.result(_as_data(packing))
    for line in _told(packing):
        console.line(line)
    return FINDINGS if given.fail and packing.findings else 0


def _told(packing: Packing) -> Iterator[str]:
    yield f"{packing.name or '(no name)'}@{packing.version or '(no version)'}, commit {packing.commit[:12]}"
    yield ""
    sizes = [in_units(file.size) for file in packing.files]
    width = max(map(len, sizes), default=0)
    for file, size in zip(packing.files, sizes, strict=True):
        yield f"  {size:>{width}}  {file.path}{'  (executable)' if file.executable else ''}"
    number = len(packing.files)
    yield f"\n{number} {'file' if number == 1 else 'files'}, {in_units(packing.size)}"
    if packing.findings:
        yield "\nWhat users would stumble over:"
    for finding in packing.findings:
        yield f"  - {_sentence(finding)}"


def _sentence(finding: Finding) -> str:
    if not finding.paths or all(path in finding.message for path in finding.paths):
        return finding.message
    shown = ", ".join(finding.paths[:_MOST_PATHS])
    more = len(finding.paths) - _MOST_PATHS
    return f"{finding.message}: {shown}{f' and {more} more' if more > 0 else ''}."


def _as_data(packing: Packing) -> dict[str, object]:
    return {
        "name": packing.name,
        "version": packing.version,
        "commit": packing.commit,
        "files": [
            {"path": file.path, "size": file.size, "executable": file.executable} for file in packing.files
        ],
        "size": packing.size,
        "findings": [
            {"rule": each.rule, "message": each.message, "paths": list(each.paths)}
            for each in packing.findings
        ],
    }


COMMAND = Command(
    name="pack",
    summary="show what users would get from this project as a package",
    description=(
        "With --list, prints the files of the package that the commit HEAD makes, after 'files' of"
        " package.json, and what users would stumble over: a main that the interpreter does not load,"
        " imports of files that are not among them or of packages that dependencies do not name, names"
        " that some disks cannot have, links, submodules, pointers of Git LFS, large files, a tag that is"
        " not the version, and files that are not committed. Nothing is written."
    ),
    run=run,
    arguments=arguments,
    examples=(
        ("hpm pack --list", "what a release of HEAD would hold"),
        ("hpm pack --list --fail", "in CI: exit 10 if anything is wrong"),
    ),
)
