"""sbom: a list of the locked packages for other programs, as CycloneDX or SPDX."""

from __future__ import annotations

import argparse
from pathlib import Path

from hpmtasks.commands.changes import counted
from hpmtasks.commands.command import Command, Context
from hpmtasks.commands.fetch import open_locked_session
from hpmtasks.commands.licenses import read_licenses
from hpmtasks.errors import OutOfDate, Usage
from hpmtasks.files.atomic import write_atomically
from hpmtasks.session.options import Options
from hpmtasks.supply.inventory import Inventory, moment_of, take_inventory

_FORMATS = ("cyclonedx", "spdx")


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm sbom``."""
    parser.add_argument(
        "--format",
        metavar="FORMAT",
        choices=_FORMATS,
        default=_FORMATS[0],
        help="cyclonedx (1.6) or spdx (2.3), both in JSON",
    )
    parser.add_argument("--output", metavar="FILE", help="write it into this file instead of standard output")
    parser.add_argument("--prod", action="store_true", help="leave out what only devDependencies need")
    parser.add_argument(
        "--licenses", action="store_true", help="look up the licenses, for which packages may be fetched"
    )
    parser.add_argument("--offline", action="store_true", help="with --licenses: use the store alone")
    parser.add_argument("--now", action="store_true", help="date it now, instead of by SOURCE_DATE_EPOCH")


def run(context: Context) -> int:
    """Write the list; see :data:`COMMAND`."""
    given, console = context.arguments, context.console
    inventory = _inventory(context)
    text = _written(inventory, given.format)
    if given.output:
        path = context.folder / given.output
        write_atomically(path, text.encode(), durable=False)
        console.result({"format": given.format, "packages": len(inventory.parts), "file": str(path)})
        console.report(f"Wrote {given.output} ({counted(len(inventory.parts))}).")
        return 0
    if console.as_json:
        import json

        document = json.loads(text)
        console.result({"format": given.format, "packages": len(inventory.parts), "document": document})
    else:
        console.line(text.rstrip("\n"))
    return 0


def _inventory(context: Context) -> Inventory:
    given = context.arguments
    moment = moment_of(context.environ, now=given.now)
    session = open_locked_session(context, Options(offline=given.offline, without_dev=given.prod))
    try:
        lockfile, manifest = session.documents.lockfile, session.documents.manifest
        if lockfile is None:
            raise OutOfDate("There is no package-lock.json.\n\nRun 'hpm install' or 'hpm lock' to write one.")
        licenses = None
        if given.licenses:
            licenses = {each.package.name: each.expression for each in read_licenses(session)}
        name = manifest.name or Path(session.project.root).name
        return take_inventory(name, manifest, lockfile, moment, licenses=licenses, without_dev=given.prod)
    finally:
        session.close()


def _written(inventory: Inventory, form: str) -> str:
    try:
        if form == "spdx":
            from hpmtasks.supply.spdx import as_spdx

            return as_spdx(inventory)
        from hpmtasks.supply.cyclonedx import as_cyclonedx

        return as_cyclonedx(inventory)
    except ModuleNotFoundError as error:
        raise Usage(
            f"'hpm sbom' needs the library {error.name}, which is not installed.\n\n"
            "Install hpm with it: pip install 'hpmtasks[sbom]'"
        ) from error


COMMAND = Command(
    name="sbom",
    summary="list the locked packages for other programs, as CycloneDX or SPDX",
    description=(
        "Prints a software bill of materials: each locked package with its version, purl, commit, the"
        " digest of its files, and what it requires. It is made from package-lock.json alone, and is the"
        " same for the same lock, byte for byte: its date is SOURCE_DATE_EPOCH, or 1970. The libraries"
        " that write it come with hpmtasks[sbom]."
    ),
    run=run,
    arguments=arguments,
    examples=(
        ("hpm sbom --output bom.json", "CycloneDX 1.6, into a file"),
        ("hpm sbom --format spdx --prod", "SPDX 2.3, of what is shipped"),
        ("hpm sbom --licenses", "with the license of each package"),
    ),
)
