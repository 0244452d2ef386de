"""install: everything package.json asks for is in hem_modules; new requirements are added first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpmtasks.commands.changes import Edit
from hpmtasks.commands.command import Command, Context
from hpmtasks.commands.members import add_member_options, meant_member, require_another
from hpmtasks.commands.project_change import add_options, change_project, load_graph, options_of
from hpmtasks.errors import Usage
from hpmtasks.model.manifest import add_dependency, parse_specifier
from hpmtasks.model.package import PackageName
from hpmtasks.semver.constraint import caret
from hpmtasks.session import Session

if TYPE_CHECKING:
    import argparse

Wanted = list[tuple[PackageName, str | None]]


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm install``."""
    parser.add_argument(
        "packages",
        nargs="*",
        metavar="owner/repo[@constraint]",
        help="packages to add to package.json; none: install what it asks for",
    )
    parser.add_argument("-D", "--dev", action="store_true", help="add to devDependencies")
    add_member_options(parser)
    parser.add_argument(
        "--locked", action="store_true", help="fail (exit 9) if package-lock.json would change"
    )
    parser.add_argument(
        "--frozen",
        action="store_true",
        help="install exactly what is locked; package-lock.json is not touched",
    )
    add_options(parser)
    parser.add_argument(
        "--parallel", action="store_true", help="accepted for compatibility: downloads are always parallel"
    )


def run(context: Context) -> int:
    """Install; see :data:`COMMAND`."""
    given = context.arguments
    wanted = [_parse(specifier) for specifier in given.packages]
    if wanted and (given.locked or given.frozen):
        raise Usage("New packages change package-lock.json; --locked and --frozen forbid that.")
    options = options_of(context, locked=given.locked, frozen=given.frozen)
    if not wanted and (given.root or given.member):
        raise Usage("--root and --member say where new packages are added; name some.")
    return change_project(context, options, lambda session: _take_on(context, session, wanted))


def _parse(specifier: str) -> tuple[PackageName, str | None]:
    try:
        return parse_specifier(specifier)
    except ValueError as error:
        raise Usage(str(error)) from error


def _take_on(context: Context, session: Session, wanted: Wanted) -> list[Edit]:
    """The session's candidate manifest has each of *wanted*; the result is what that changes.

    package.json itself is written at the end. A package without a constraint gets ``^`` and
    the newest release, a member of the workspace ``^`` and its version.
    """
    if not wanted:
        return []
    from hpmtasks.session.foresight import foresee_newest
    from hpmtasks.session.newest import newest

    dev = context.arguments.dev
    section = "devDependencies" if dev else "dependencies"
    member = meant_member(context, session.workspace)
    own = session.workspace.by_name
    text = member.manifest.text
    edits = []
    for name, _ in wanted:
        require_another(member, name)
    asked = [name for name, constraint in wanted if constraint is None and name not in own]
    for name in asked:
        foresee_newest(session, name)
    if asked and not context.arguments.dry_run:
        load_graph()  # takes its time, in which the answers come
    for name, constraint in wanted:
        version = own[name].version if name in own else None
        chosen = constraint if constraint is not None else caret(version or newest(session, name))
        edited = add_dependency(text, str(name), chosen, dev=dev)
        if edited != text:
            edits.append(Edit(name, chosen, section, member.shown_manifest))
        text = edited
    session.documents.adopt_candidate(text, (name for name, _ in wanted), member=member.path)
    return edits


COMMAND = Command(
    name="install",
    summary="install what package.json asks for, or add packages to it",
    description=(
        "Afterwards hem_modules holds every package that package.json requires, directly or not, and"
        " package-lock.json says which. Only what changed is done again; with a lock that answers"
        " package.json and everything in place, nothing is. Named packages are added to package.json"
        " first, with ^ and the newest release if no constraint is given; package.json and the lock"
        " are written only if everything went well. In a workspace they are added to the member whose"
        " folder you are in."
    ),
    run=run,
    arguments=arguments,
    examples=(
        ("hpm install", "install what package.json asks for"),
        ("hpm install hemlang/sprout", "add the newest release of a package, and install it"),
        ("hpm install hemlang/sprout@^1.0.0 --dev", "add a requirement to devDependencies"),
        ("hpm install hemlang/sprout --member acme/app", "add it to a member of the workspace"),
        ("hpm install --locked", "as CI does it: fail if the lock is not up to date"),
        ("hpm install --offline", "use only what is in the store"),
    ),
)
