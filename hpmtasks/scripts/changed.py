"""changed: what differs in a workspace from a commit of git, and whose it is.

What counts is the working copy as it stands, committed or not, and what git does not know yet
and does not ignore. It is compared with the *merge base*, the last commit that this work and the
reference have in common: what others did there meanwhile is nobody's change here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from hpmtasks.dataclass import dataclass
from hpmtasks.errors import InvalidLockfile, Usage
from hpmtasks.files.globs import glob_set
from hpmtasks.model.lockfile import Lockfile, parse_lockfile, reachable
from hpmtasks.model.manifest import get_all_dependencies
from hpmtasks.model.package import PackageName
from hpmtasks.model.task_config import ROOT_PREFIX
from hpmtasks.project import LOCKFILE, MODULES, STATE_FOLDER
from hpmtasks.project.workspace import Member, Workspace
from hpmtasks.scripts.inputs import rooted
from hpmtasks.sources.git_process import GitFailed, connecting, git_output

#: What work is compared with if nobody says: the first of these that there is.
USUAL = ("refs/remotes/origin/HEAD", "origin/main", "origin/master", "main", "master")
# What hpm makes; how the packages changed is seen in the lock.
_MADE = (MODULES, STATE_FOLDER)

Ask = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs from a commit.

    Attributes:
        base: The commit.
        paths: What was changed, added or removed, from the root of the workspace, with ``/``.
        lock_before: package-lock.json as it is in that commit; ``None`` if it is not there, or no use.
    """

    base: str
    paths: tuple[str, ...]
    lock_before: Lockfile | None = None


def changes_since(root: Path, ref: str | None, environ: Mapping[str, str]) -> Changes:
    """What differs in *root* from what it has in common with *ref*; ``None``: with the main branch.

    Raises:
        Usage: There is no git, no repository, no such reference, or nothing in common.
    """
    ask = _asking(root, environ)
    base = _merge_base(ask, _usual(ask) if ref is None else ref)
    differing = ask(
        "diff", "--name-only", "--no-renames", "--no-ext-diff", "--relative", "-z", base, "--", "."
    )
    unknown = ask("ls-files", "--others", "--exclude-standard", "-z", "--", ".")
    paths = {path for path in (differing + unknown).split("\0") if path and not _is_made(path)}
    return Changes(base, tuple(sorted(paths)), _lock_in(ask, base))


def changed_members(workspace: Workspace, changes: Changes) -> list[Member]:
    """Whose files, or whose packages as locked, are among *changes*.

    A file is its innermost member's, and of each whose tasks name it under ``inputs``, as ``//shared/**``.
    The lock is nobody's: a member is changed by it if a package that it reaches, directly or not, is
    locked as another one.
    """
    folders = {workspace.at(workspace.root.folder / path).path for path in changes.paths if path != LOCKFILE}
    relocked = _relocked(workspace, changes)
    return [
        member
        for member in workspace.everyone()
        if member.path in folders
        or _names_any(member, changes.paths)
        or (relocked and _reached(workspace, member, changes) & relocked)
    ]


# ---------------------------------------------------------------- what git says


def _asking(root: Path, environ: Mapping[str, str]) -> Ask:
    import shutil

    if shutil.which("git", path=environ.get("PATH", os.defpath)) is None:
        raise Usage("What has changed is known to git, and there is no git on the PATH. Install git.")

    def ask(*arguments: str) -> str:
        return git_output(["-C", str(root), "--no-optional-locks", *arguments], connecting(environ))

    try:
        ask("rev-parse", "--git-dir")
    except GitFailed as failed:
        raise Usage(
            f"What has changed is known to git, and {root} is in no git repository.\n\n"
            f"git says: {failed.told.partition(chr(10))[0]}"
        ) from None
    return ask


def _usual(ask: Ask) -> str:
    for ref in USUAL:
        if _commit(ask, ref) is not None:
            return ref
    raise Usage(
        "There is neither a main nor a master branch to compare with; name what is meant: --changed=REF."
    )


def _commit(ask: Ask, ref: str) -> str | None:
    try:
        return ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}").strip()
    except GitFailed:
        return None


def _merge_base(ask: Ask, ref: str) -> str:
    commit = _commit(ask, ref)
    if commit is None:
        hint = "a branch, a tag or a commit, such as main, v1.0.0 or HEAD~1"
        raise Usage(f"git knows no commit '{ref}' here; what is meant is {hint}.")
    if _commit(ask, "HEAD") is None:
        raise Usage("The git repository has no commit yet, so there is nothing to compare with.")
    try:
        return ask("merge-base", commit, "HEAD").strip()
    except GitFailed:
        raise Usage(
            f"'{ref}' and HEAD have no commit in common here.\n\n"
            "In a clone that was cut short, fetch the rest: git fetch --unshallow"
        ) from None


def _lock_in(ask: Ask, commit: str) -> Lockfile | None:
    try:
        text = ask("show", "--no-textconv", f"{commit}:./{LOCKFILE}")
        return parse_lockfile(text.encode(), f"{LOCKFILE} in {commit[:12]}")
    except (GitFailed, InvalidLockfile):
        return None


def _is_made(path: str) -> bool:
    return any(part in _MADE for part in path.split("/")[:-1])


# ---------------------------------------------------------------- whose it is


def _names_any(member: Member, paths: Sequence[str]) -> bool:
    """Whether a task of *member* reads one of *paths* from the root."""
    for config in member.manifest.tasks.values():
        given = config.inputs or ()
        if any(pattern.removeprefix("!").startswith(ROOT_PREFIX) for pattern in given):
            wanted = glob_set(rooted(member.path, given))
            if any(wanted.fits(path) for path in paths):
                return True
    return False


def _relocked(workspace: Workspace, changes: Changes) -> frozenset[PackageName]:
    """The packages that are locked as others than before."""
    if LOCKFILE not in changes.paths:
        return frozenset()
    before, after = changes.lock_before or Lockfile(), _lock_now(workspace)
    names = {*before.entries, *after.entries}
    return frozenset(name for name in names if before.entries.get(name) != after.entries.get(name))


def _lock_now(workspace: Workspace) -> Lockfile:
    try:
        return parse_lockfile((workspace.root.folder / LOCKFILE).read_bytes(), LOCKFILE)
    except (OSError, InvalidLockfile):
        return Lockfile()


def _reached(workspace: Workspace, member: Member, changes: Changes) -> frozenset[PackageName]:
    """What *member* reached before and reaches now, through other members too."""
    required: set[PackageName] = set()
    waiting, seen = [member], set()
    while waiting:
        each = waiting.pop()
        if each.path not in seen:
            seen.add(each.path)
            required |= {requirement.name for requirement in get_all_dependencies(each.manifest)}
            waiting += workspace.needs(each)
    before = reachable(changes.lock_before or Lockfile(), required)
    return before | reachable(_lock_now(workspace), required)
