"""licenses: under which terms the locked packages are, and which of them the project does not allow."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import Any

from hpmtasks.commands.changes import counted
from hpmtasks.commands.command import Command, Context
from hpmtasks.commands.fetch import open_locked_session
from hpmtasks.commands.pack import FINDINGS
from hpmtasks.model.policy import license_lists_of
from hpmtasks.session import Session
from hpmtasks.session.locked import locked_resolution
from hpmtasks.session.options import Options
from hpmtasks.supply.licenses import License, Terms, Verdict, license_in

_HEAD = ("Package", "License", "Known from")
_WHY: dict[Verdict, str] = {
    "denied": "is denied",
    "not-allowed": "is not among what is allowed",
    "unknown": "no license is known",
    "allowed": "is allowed",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm licenses``."""
    parser.add_argument(
        "--allow", metavar="LICENSE", action="append", default=[], help="allow this one, and no other"
    )
    parser.add_argument(
        "--deny", metavar="LICENSE", action="append", default=[], help="do not allow this one"
    )
    parser.add_argument("--prod", action="store_true", help="leave out what only devDependencies need")
    parser.add_argument("--offline", action="store_true", help="use the store alone; open no socket")


def run(context: Context) -> int:
    """Look; see :data:`COMMAND`."""
    given, console = context.arguments, context.console
    session = open_locked_session(context, Options(offline=given.offline, without_dev=given.prod))
    try:
        terms = _terms(context, session)
        found = read_licenses(session)
    finally:
        session.close()
    verdicts = [(each, terms.judge(each)) for each in found]
    bad = [(each, verdict) for each, verdict in verdicts if verdict != "allowed"]
    for warning in session.warnings:
        console.warning(warning)
    console.result(
        {
            "packages": [_as_data(each, verdict) for each, verdict in verdicts],
            "findings": len(bad),
            "warnings": session.warnings,
        }
    )
    for line in _table(found):
        console.line(line)
    if bad:
        console.line(f"\n{len(bad)} of {counted(len(found))} not as demanded:")
    for each, verdict in bad:
        what = f"{each.expression} " if each.expression else ""
        console.line(f"  {each.package.id}: {what}{_WHY[verdict]}")
    return FINDINGS if bad else 0


def read_licenses(session: Session) -> list[License]:
    """The terms of each locked package, by name; what the store lacks is fetched and verified.

    Raises:
        HpmError: Something is not in the store and cannot be fetched.
    """
    from hpmtasks.stages.verify.action import fill, verified_tree

    packages = [each for each in locked_resolution(session).packages if session.options.lays_out(each)]
    fill(session, packages)
    return [license_in(each, verified_tree(session, each).path) for each in packages]


def _terms(context: Context, session: Session) -> Terms:
    """What the options and package.json demand, together."""
    given = context.arguments
    path = str(session.project.manifest_path)
    allow, deny = license_lists_of(session.documents.manifest, path)
    Terms(given.allow, (), "--allow:")
    Terms((), given.deny, "--deny:")
    return Terms([*allow, *given.allow], [*deny, *given.deny], path)


def _as_data(found: License, verdict: Verdict) -> dict[str, Any]:
    return {
        "name": str(found.package.name),
        "version": str(found.package.version),
        "license": found.expression,
        "declared": found.declared,
        "files": [{"path": path, "license": license_id} for path, license_id in found.files],
        "verdict": verdict,
    }


def _table(found: Sequence[License]) -> Iterator[str]:
    if not found:
        yield "There are no packages."
        return
    rows = [_HEAD] + [(str(each.package.id), each.expression or "unknown", _sources(each)) for each in found]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _sources(found: License) -> str:
    known = ["package.json"] if found.declared_expression else []
    known += [path for path, license_id in found.files if license_id]
    if known:
        return ", ".join(known)
    said = [f'package.json says "{found.declared}"'] if found.declared else []
    return ", ".join([*said, *(f"{path} is not recognized" for path, _ in found.files)]) or "-"


COMMAND = Command(
    name="licenses",
    summary="tell the licenses of the locked packages, and which are not allowed",
    description=(
        "Prints the license of each locked package: an SPDX expression, from its package.json and from"
        " the text of its license file; where the two differ, both count. What the project allows or"
        " denies stands under hpm.licenses in package.json, or in options. The exit code is 10 if a"
        " package is under other terms, or under none that are known. What the store lacks is fetched."
    ),
    run=run,
    arguments=arguments,
    examples=(
        ("hpm licenses", "all of them"),
        ("hpm licenses --allow MIT --allow Apache-2.0", "for CI: exit with 10 if there is any other"),
        ("hpm licenses --deny AGPL-3.0-only --prod", "only what is shipped, and one that may not be"),
    ),
)
