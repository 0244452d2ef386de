"""diff: what differs in the sources of a package between two of its versions."""

from __future__ import annotations

import argparse

from hpmtasks.commands.command import Command, Context
from hpmtasks.commands.differences import as_data, patch, statistics, title
from hpmtasks.errors import NoSuchVersion, Usage
from hpmtasks.model.package import PackageName
from hpmtasks.model.specifier import parse_specifier
from hpmtasks.project.state import State
from hpmtasks.semver.constraint import parse_constraint
from hpmtasks.session import Session
from hpmtasks.session.options import Options
from hpmtasks.session.review import Edition, PackageDifference, difference, summary_of


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm diff``."""
    parser.add_argument(
        "package",
        metavar="owner/repo[@version]",
        help="what is compared: alone, the locked version with the newest that is allowed;"
        " with one version, the locked one with it",
    )
    parser.add_argument("other", nargs="?", metavar="@version", help="compare with this version instead")
    parser.add_argument("--stat", action="store_true", help="one line a file, and how many lines differ")
    parser.add_argument("--name-only", action="store_true", help="only the paths of the files")
    parser.add_argument("--offline", action="store_true", help="use the store alone; open no socket")


def run(context: Context) -> int:
    """Compare; see :data:`COMMAND`."""
    given = context.arguments
    if given.stat and given.name_only:
        raise Usage("--stat and --name-only are two ways to show the same; give one of them.")
    name, asked, other = _parse(given.package, given.other)
    session = Session(
        context.project,
        context.settings,
        State(context.project.state_path),
        Options(offline=given.offline),
        progress=context.console.progress,
    )
    try:
        before, after = _editions(session, name, asked, other)
        found = difference(session, before, after)
    finally:
        session.close()
    _tell(context, found)
    return 0


def _parse(package: str, other: str | None) -> tuple[PackageName, str | None, str | None]:
    try:
        name, asked = parse_specifier(package)
        if other is None:
            return name, asked, None
        if asked is None:
            raise Usage(f"{package} needs a version to be compared with {other}: {package}@1.0.0 {other}.")
        if other.startswith("@"):
            other = f"{name}{other}"
        second, constraint = parse_specifier(other)
    except ValueError as error:
        raise Usage(str(error)) from error
    if second != name:
        raise Usage(f"{name} and {second} are two packages; versions of one are compared.")
    if constraint is None:
        raise Usage(f"{other} names no version. Write: hpm diff {package} @1.0.0")
    return name, asked, constraint


def _editions(
    session: Session, name: PackageName, asked: str | None, other: str | None
) -> tuple[Edition, Edition]:
    if asked is not None and other is not None:
        return _named(session, name, asked), _named(session, name, other)
    locked = _locked(session, name)
    if locked is None:
        raise Usage(
            f"{name} is not locked here, so there is nothing to compare with."
            f"\n\nName two versions: hpm diff {name}@1.0.0 @1.1.0"
        )
    return locked, _newest(session, name) if asked is None else _named(session, name, asked)


def _locked(session: Session, name: PackageName) -> Edition | None:
    entry = session.documents.locked.get(name)
    if entry is None:
        return None
    return Edition.locked(name, entry) or _named(session, name, str(entry.version))


def _named(session: Session, name: PackageName, constraint: str) -> Edition:
    """The highest version that *constraint* allows; if that is the locked one, as it is locked."""
    return _chosen(session, name, constraint, [constraint])


def _newest(session: Session, name: PackageName) -> Edition:
    """The highest version that all who require *name* allow."""
    asked = [each.text for each in session.documents.constraints_on(name)]
    return _chosen(session, name, " and ".join(asked), asked)


def _chosen(session: Session, name: PackageName, told: str, constraints: list[str]) -> Edition:
    parsed = [parse_constraint(text) for text in constraints]
    entry = session.documents.locked.get(name)
    if entry is not None and constraints == [str(entry.version)] and (locked := Edition.locked(name, entry)):
        return locked
    tags = session.tags(name).tags
    allowed = [tag for tag in tags if all(each.allows(tag.version) for each in parsed)]
    if not allowed:
        available = [str(tag.version) for tag in tags]
        shown = ", ".join(reversed(available[-20:])) or "none"
        raise NoSuchVersion(
            f"No version of {name} matches constraint {told}\n\nAvailable versions: {shown}",
            name=str(name),
            constraint=told,
            available=available,
        )
    # Of versions that differ in build metadata alone, the one that was spelled.
    tag = next((tag for tag in allowed if [str(tag.version)] == constraints), allowed[-1])
    if entry is not None and str(entry.version) == str(tag.version):
        return Edition.locked(name, entry) or Edition.tagged(name, tag)
    return Edition.tagged(name, tag)


def _tell(context: Context, found: PackageDifference) -> None:
    given, console = context.arguments, context.console
    console.result(as_data(found, with_lines=not (given.stat or given.name_only)))
    if given.name_only:
        for file in found.files:
            console.line(file.path)
        return
    console.line(f"{title(found)}: {summary_of(found.files)}")
    for line in statistics(found.files) if given.stat else patch(found):
        console.line(line)


COMMAND = Command(
    name="diff",
    summary="show what differs in the sources of a package between two versions",
    description=(
        "Prints a unified diff of what an installation would give: from the first version to the"
        " second, from the locked version to the one that is named, or from the locked version to the"
        " newest that package.json and the locked packages allow. What the store lacks is fetched; the"
        " project stays as it is. Files that are not text, or larger than 512 KiB, are named only."
    ),
    run=run,
    arguments=arguments,
    examples=(
        ("hpm diff hemlang/sprout", "what an update would bring"),
        ("hpm diff hemlang/sprout@2.0.0", "from the locked version to another one"),
        ("hpm diff hemlang/sprout@1.0.0 @1.1.0 --stat", "which files differ between two versions"),
    ),
)
