"""outdated: which packages have newer versions, and which of those package.json allows."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import Any

from hpmtasks.commands.command import Command, Context
from hpmtasks.commands.console import Console
from hpmtasks.commands.project_change import open_session
from hpmtasks.errors import OutOfDate
from hpmtasks.session.options import Options
from hpmtasks.session.outdated import Comparison, Standing, age, compare

_HEAD = ("Package", "Current", "Wanted", "Latest", "Type")
_MOST_NAMES = 5


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm outdated``."""
    parser.add_argument("--all", action="store_true", help="packages that only other packages require, too")
    parser.add_argument("--fail", action="store_true", help="exit with 9 if anything is outdated")
    parser.add_argument(
        "--offline", action="store_true", help="use the versions that earlier runs recorded; open no socket"
    )


def run(context: Context) -> int:
    """Compare; see :data:`COMMAND`."""
    given, console = context.arguments, context.console
    session = open_session(context, Options(offline=given.offline))
    try:
        found = compare(session, transitive=given.all)
    finally:
        session.close()
    outdated = [each for each in found.standings if each.is_outdated]
    for warning in session.warnings:
        console.warning(warning)
    console.result(
        {
            "packages": [_as_data(each) for each in outdated],
            "failures": [
                {
                    "name": str(name),
                    "kind": error.kind,
                    "code": error.code,
                    "exitCode": error.exit_code,
                    "message": str(error),
                }
                for name, error in found.failures.items()
            ],
            "warnings": session.warnings,
        }
    )
    for line in _table(outdated):
        console.line(line)
    for each in found.standings:
        for version, refusal in each.young.items():
            console.note(f"{each.name}@{version} {refusal}.")
    if not outdated:
        console.line(_nothing(found))
    if recorded := age(each.read for each in found.standings if each.read is not None):
        console.note(f"Without the network: the oldest of these versions were read {recorded}.")
    if found.failures:
        _tell_failures(console, found)
        return next(iter(found.failures.values())).exit_code
    return OutOfDate.exit_code if given.fail and outdated else 0


def _as_data(standing: Standing) -> dict[str, Any]:
    return {
        "name": str(standing.name),
        "current": standing.current,
        "wanted": standing.wanted,
        "latest": standing.latest,
        "type": standing.section,
        "read": standing.read,
        "tooYoung": dict(standing.young),
        **({"members": list(standing.members)} if standing.members else {}),
    }


def _table(standings: Sequence[Standing]) -> Iterator[str]:
    if not standings:
        return
    asked = any(each.members for each in standings)
    rows = [(*_HEAD, *(["Required by"] if asked else []))] + [
        (
            str(each.name),
            each.current or "-",
            each.wanted or "-",
            each.latest or "-",
            each.section,
            *([", ".join(each.members) or "-"] if asked else []),
        )
        for each in standings
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _nothing(found: Comparison) -> str:
    if not found.failures:
        return "All packages are up to date."
    known = len(found.standings)
    return f"Of the {known + len(found.failures)} packages {known} could be looked at; none is outdated."


def _tell_failures(console: Console, found: Comparison) -> None:
    names = [str(name) for name in found.failures]
    more = len(names) - _MOST_NAMES
    listed = ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
    first = next(iter(found.failures.values()))
    console.note(f"Error: The versions of {listed} are not known.\n\n{first}")


COMMAND = Command(
    name="outdated",
    summary="show which packages have newer versions",
    description=(
        "Prints a row for each package of package.json that could be newer: the locked version, the"
        " highest that all requirements on it allow (which 'hpm update' takes), and the newest release"
        " (which 'hpm update --latest' takes). If the versions of a package cannot be read, the exit code"
        " says so. In a workspace the rows tell who requires the package. Nothing is changed."
    ),
    run=run,
    arguments=arguments,
    examples=(
        ("hpm outdated", "what package.json requires"),
        ("hpm outdated --all", "everything that is locked"),
        ("hpm outdated --fail", "for CI: exit with 9 if there is something newer"),
    ),
)
