"""patching: patches of packages, made and applied by git.

A patch is a unified diff as ``git apply`` takes it. git is run without a repository, without
anybody's settings, and in a folder above which it looks for nothing.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from hpmtasks.errors import InvalidPatch
from hpmtasks.files.leftovers import temporary_beside
from hpmtasks.files.removal import remove_tree
from hpmtasks.model.package import PackageId
from hpmtasks.model.resolution import ResolvedPackage
from hpmtasks.session.layout import lay_out_verified
from hpmtasks.session.occupant import Patch
from hpmtasks.session.session import Session
from hpmtasks.sources.git_process import GitFailed, alone, run_git
from hpmtasks.store.entries import LinkMethod, TreeEntry
from hpmtasks.store.tree import ForeignEntry, scan_folder, tree_digest

_MOST_ISSUES = 8
_NO_SETTINGS = ["-c", "core.autocrlf=false", "-c", "core.safecrlf=false", "-c", "core.quotePath=true"]
_AS_IT_IS = ["--no-prefix", "--text", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames"]
_APPLYING = re.compile(r"Applying patch (.+) with \d+ rejects?\.\.\.|Rejected hunk #(\d+)\.|error: (.+)")


def unused_patches(session: Session) -> list[str]:
    """A sentence for each patch that package.json names and that nothing is patched with."""
    chosen = (
        {package.name: package.version for package in session.resolution.packages}
        if session.resolution
        else {}
    )
    told = []
    for package, shown in session.documents.patches.items():
        name = package.name
        if name in session.links:
            continue
        if name not in chosen:
            told.append(f"{shown} patches {package}, which is not required any more.")
        elif chosen[name] != package.version:
            told.append(
                f"{shown} patches {package}, and {name}@{chosen[name]} is installed, without a patch."
            )
    return told


def apply_patch(session: Session, patch: Patch, package: PackageId, folder: Path) -> None:
    """The files in *folder* are those of *package* with *patch* applied. If this fails, any of them may be.

    Raises:
        InvalidPatch: It does not apply, or leads out of the folder; file and hunk are named.
    """
    _require_git(session, patch.shown)
    environment = _environment(session, folder)
    words = ["-C", str(folder), *_NO_SETTINGS, "apply", "--whitespace=nowarn"]
    try:
        run_git([*words, str(patch.path)], environment, _ignore)
    except GitFailed as failed:
        told = failed.told
        try:  # once more, only to hear which hunks it is
            run_git([*words, "--reject", "--verbose", str(patch.path)], environment, _ignore)
        except GitFailed as rejected:
            told = rejected.told
        raise InvalidPatch(patch.shown, [*_issues(told, package), _way_out(package, patch)]) from failed


def make_patch(session: Session, package: ResolvedPackage, edited: Path) -> bytes:
    """The unified diff that makes the published files of *package* those in *edited*; empty if they are.

    Raises:
        InvalidPatch: A file that differs is not text, or *edited* holds what no package holds.
    """
    shown = str(package.id)
    _require_git(session, shown)
    work = temporary_beside(session.project.state_folder / "any")
    work.mkdir(parents=True)
    try:
        lay_out_verified(session, package, work / "a", how=LinkMethod.COPY)
        after = _scanned(edited, shown)
        session.store.lay_out(after, work / "b", how=LinkMethod.COPY)
        before = _scanned(work / "a", shown)
        _require_text(before, after, shown)
        diff = _difference(session, work)
        if diff:
            _require_same(session, package, work, diff, after.digest)
    finally:
        remove_tree(work)
    return diff


def _difference(session: Session, work: Path) -> bytes:
    pieces: list[bytes] = []
    words = ["-C", str(work), *_NO_SETTINGS, "diff", "--no-index", "--full-index", *_AS_IT_IS, "a", "b"]
    try:
        run_git(words, _environment(session, work), pieces.append)
    except GitFailed as failed:
        if failed.told or not pieces:  # it also ends with 1 when there are differences
            raise InvalidPatch("(new)", [f"git cannot make it: {failed.told}"]) from failed
    return b"".join(pieces)


def _require_same(session: Session, package: ResolvedPackage, work: Path, diff: bytes, wanted: str) -> None:
    """Applied to the published files, *diff* gives what was edited: attributes in the package may keep it."""
    path = work / "made.patch"
    path.write_bytes(diff)
    shown = str(package.id)
    apply_patch(session, Patch(path, shown, ""), package.id, work / "a")
    if _scanned(work / "a", shown).digest != wanted:
        raise InvalidPatch(shown, ["Applying it would not give the files as they were edited."])


def _scanned(folder: Path, shown: str) -> TreeEntry:
    try:
        files = scan_folder(folder)
    except ForeignEntry as error:
        raise InvalidPatch(shown, [f"{error.path} is neither a file nor a folder; remove it."]) from error
    except OSError as error:
        raise InvalidPatch(shown, [f"{folder} cannot be read: {error.strerror}."]) from error
    return TreeEntry(tree_digest(files), files, folder)


def _require_text(before: TreeEntry, after: TreeEntry, shown: str) -> None:
    old, new = ({file.path: file.sha256 for file in tree.files} for tree in (before, after))
    differing = sorted(path for path in old.keys() | new.keys() if old.get(path) != new.get(path))
    binary = [
        path
        for path in differing
        if any(
            path in had and b"\0" in (tree.path / path).read_bytes()
            for had, tree in ((old, before), (new, after))
        )
    ]
    if binary:
        issues = [f"{path} is not text; a patch can change only text." for path in binary[:_MOST_ISSUES]]
        raise InvalidPatch(shown, issues)


def _issues(told: str, package: PackageId) -> list[str]:
    """What git said, as one sentence for each hunk or file that does not fit."""
    file, issues, plain = "", [], []
    for line in told.splitlines():
        match = _APPLYING.fullmatch(line.strip())
        if match is None:
            continue
        if match[1]:
            file = match[1]
        elif match[2]:
            issues.append(f"{file}: hunk {match[2]} does not apply to {package}.")
        elif not match[3].startswith(("while searching for", "patch failed")):
            is_none = match[3].startswith(("No valid patches", "unrecognized input"))
            plain.append("It holds no patch." if is_none else f"{match[3]}.")
    found = issues or plain or [told.strip() or "git cannot apply it."]
    more = len(found) - _MOST_ISSUES
    return [*found[:_MOST_ISSUES], *([f"and {more} more"] if more > 0 else [])]


def _way_out(package: PackageId, patch: Patch) -> str:
    return (
        f"Remove the line of {package} from package.json (hpm.patches), or put {patch.shown} right:"
        f" 'hpm patch {package.name} --reset' begins anew."
    )


def _environment(session: Session, folder: Path) -> dict[str, str]:
    """git's, which takes neither the project nor anything else above *folder* for its repository."""
    return alone(session.settings.environ) | {"GIT_CEILING_DIRECTORIES": os.path.realpath(folder.parent)}


def _require_git(session: Session, shown: str) -> None:
    if shutil.which("git", path=session.settings.environ.get("PATH")) is None:
        raise InvalidPatch(shown, ["Patches are made and applied by git, and there is none on the PATH."])


def _ignore(piece: bytes) -> None:
    del piece
