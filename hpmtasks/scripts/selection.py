"""selection: which members of a workspace are meant by ``--filter`` and ``--changed``.

A filter is, in this order, any of:

=================  ======================================================================
``!``              not these
``...``            and what depends on them; ``...^``: only that, without themselves
a name             ``acme/app``; ``app``; ``acme/*``
``./folder``       the members in that folder, or below it; ``{folder}`` says the same
``[ref]``          of these, or of all, those that have changed since a git reference
``...``            and what they depend on; ``^...``: only that, without themselves
=================  ======================================================================

Several filters select what any of them selects, less what those with ``!`` do; if there
are none but such, they are taken from all.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from hpmtasks.dataclass import dataclass
from hpmtasks.errors import NotInProject, ScriptNotFound, Usage
from hpmtasks.project.workspace import Member, Workspace
from hpmtasks.scripts.tasks import TaskId

_FORM = re.compile(
    r"(?P<excludes>!)?(?P<dependents>\.\.\.\^?)?"
    r"(?:(?P<folder>\.\.?(?:/[^{}\[\]]*?)?)|(?P<name>[^.{}\[\]!^\s][^{}\[\]^]*?)?(?:\{(?P<braced>[^{}]+)\})?)"
    r"(?:\[(?P<since>[^\[\]]+)\])?(?P<dependencies>\^?\.\.\.)?"
)

#: Which members have changed since a git reference; ``None``: since the main branch.
ChangedSince = Callable[[str | None], Iterable[Member]]


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter, read.

    Attributes:
        text: As it was given.
        excludes: Whether what it means is taken away.
        name: A pattern of names.
        folder: A pattern of folders, told from where the user stands.
        since: A git reference.
        itself: Whether what the pattern fits is meant, and not only what is around it.
        dependents: Whether what depends on it is meant.
        dependencies: Whether what it depends on is meant.
    """

    text: str
    excludes: bool = False
    name: str | None = None
    folder: str | None = None
    since: str | None = None
    itself: bool = True
    dependents: bool = False
    dependencies: bool = False


def parse_filter(text: str) -> Filter:
    """What *text* means.

    Raises:
        Usage: Nothing.
    """
    found = _FORM.fullmatch(text)
    if found is None or not any(found[part] for part in ("name", "folder", "braced", "since")):
        raise Usage(
            f"'{text}' is no filter; the forms are name, ./folder, ...dependents, dependencies... and"
            " [since-git-ref], and '!' in front of any of them."
        )
    dependents, dependencies = found["dependents"] or "", found["dependencies"] or ""
    return Filter(
        text,
        excludes=bool(found["excludes"]),
        name=found["name"],
        folder=found["folder"] or found["braced"],
        since=found["since"],
        itself="^" not in dependents + dependencies,
        dependents=bool(dependents),
        dependencies=bool(dependencies),
    )


def changed_filter(ref: str | None) -> Filter:
    """What ``--changed`` means: whatever has changed since *ref*, and all that depends on it."""
    return Filter(f"--changed={ref or ''}", since=ref or "", dependents=True)


def select(
    workspace: Workspace, filters: Sequence[Filter], changed_since: ChangedSince, at: Path
) -> list[Member]:
    """The members that *filters* mean, the root first and then by path; all of them without a filter.

    Args:
        changed_since: Asked once for each reference.
        at: The folder that paths are told from, absolute.

    Raises:
        NotInProject: There is no member of a name or in a folder.
    """
    asked: dict[str, frozenset[str]] = {}

    def changed(ref: str) -> frozenset[str]:
        if ref not in asked:
            asked[ref] = frozenset(member.path for member in changed_since(ref or None))
        return asked[ref]

    meant: set[str] = set()
    if all(each.excludes for each in filters):
        meant = {member.path for member in workspace.everyone()}
    for each in sorted(filters, key=lambda each: each.excludes):
        found = _around(workspace, each, _fitting(workspace, each, changed, at))
        meant = meant - found if each.excludes else meant | found
    return [member for member in workspace.everyone() if member.path in meant]


def tasks_of(members: Sequence[Member], scripts: Sequence[str]) -> list[TaskId]:
    """The tasks *scripts* of *members*, as far as they have them.

    Raises:
        ScriptNotFound: None of *members* has one of the *scripts*.
    """
    for script in scripts:
        if members and not any(script in member.manifest.tasks for member in members):
            known = sorted({name for member in members for name in member.manifest.tasks})
            listed = f"Their scripts are: {', '.join(known)}" if known else "They have no scripts at all."
            sentence = (
                f"None of the {len(members)} selected members has a script {script!r}."
                if len(members) > 1
                else f"{members[0]} has no script {script!r}."
            )
            raise ScriptNotFound(f"{sentence}\n\n{listed}")
    return [
        TaskId.of(member, script)
        for member in members
        for script in scripts
        if script in member.manifest.tasks
    ]


# ---------------------------------------------------------------- what a filter fits


def _fitting(
    workspace: Workspace, given: Filter, changed: Callable[[str], frozenset[str]], at: Path
) -> set[str]:
    found = {member.path for member in workspace.everyone()}
    if given.name is not None:
        found &= _named(workspace, given)
    if given.folder is not None:
        found &= _in_folder(workspace, given, at)
    if given.since is not None:
        found &= changed(given.since)
    return found


def _named(workspace: Workspace, given: Filter) -> set[str]:
    pattern = (given.name or "").lower()
    if not any(mark in pattern for mark in "*?"):
        return {workspace.named(pattern).path}
    found = set()
    for member in workspace.everyone():
        name = (member.name or "").lower()
        if fnmatchcase(name, pattern) or (
            "/" not in pattern and fnmatchcase(name.rpartition("/")[2], pattern)
        ):
            found.add(member.path)
    return found or _no_member(workspace, given, "is called like")


def _in_folder(workspace: Workspace, given: Filter, at: Path) -> set[str]:
    path = os.path.relpath(os.path.normpath(at / (given.folder or "")), workspace.root.folder)
    wanted = path.replace(os.sep, "/")
    if wanted == ".":
        # The root, when one stands in it, means itself: to mean all is to give no filter.
        return {""}
    pattern = wanted.replace("**", "*")
    found = {
        member.path
        for member in workspace.members
        if fnmatchcase(member.path, pattern) or member.path.startswith(f"{wanted}/")
    }
    return found or _no_member(workspace, given, "is in")


def _no_member(workspace: Workspace, given: Filter, how: str) -> set[str]:
    wanted = given.name or given.folder or ""
    listed = ", ".join(f"{member} ({member.path or '.'})" for member in workspace.everyone())
    raise NotInProject(
        f"No member of this workspace {how} {wanted}.\n\nThere are: {listed}", packages=[wanted]
    )


# ---------------------------------------------------------------- and what is around it


def _around(workspace: Workspace, given: Filter, fitting: set[str]) -> set[str]:
    needs = {member.path: {need.path for need in workspace.needs(member)} for member in workspace.everyone()}
    needed_by: dict[str, set[str]] = {path: set() for path in needs}
    for path, needed in needs.items():
        for each in needed:
            needed_by[each].add(path)
    found = set(fitting) if given.itself else set()
    if given.dependents:
        found |= _closure(fitting, needed_by)
    if given.dependencies:
        found |= _closure(fitting, needs)
    return found if given.itself else found - fitting


def _closure(start: Iterable[str], edges: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        for each in edges[waiting.pop()] - found:
            found.add(each)
            waiting.append(each)
    return found
