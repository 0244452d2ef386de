"""vanished: a locked commit that its source no longer gives: what is known of it, and the way out."""

from __future__ import annotations

from hpmtasks.errors import HpmError, PackageNotFound
from hpmtasks.model.package import PackageId, PackageName
from hpmtasks.semver.version import Version
from hpmtasks.session.session import Session


def told_as_locked(
    session: Session, name: PackageName, version: Version, commit: str, error: PackageNotFound
) -> PackageNotFound:
    """*error*, or, if *commit* is what the lock has of *name*, the same with what its tags say today."""
    try:
        lockfile = session.documents.lockfile
    except HpmError:
        return error
    entry = lockfile.entries.get(name) if lockfile else None
    if entry is None or entry.commit != commit:
        return error
    package = PackageId(name, version)
    return error.in_words(
        f"{package} is locked at commit {commit}, and {error.origin} does not give it.\n\n"
        f"{_today(session, package, commit)}\n"
        "Where it was installed before, the store still has it: 'hpm install' there needs no network."
    )


def _today(session: Session, package: PackageId, commit: str) -> str:
    """What became of the commit, as far as the tags tell, and what can be done."""
    try:
        tags = session.tags(package.name).tags
    except PackageNotFound:
        return (
            f"The repository {package.name} is gone, or you may not see it: set GITHUB_TOKEN to a token that"
            " may read it, or require another package."
        )
    except HpmError as error:
        return f"Its tags cannot be read either: {str(error).partition(chr(10))[0]}"
    tag = next((tag for tag in tags if str(tag.version) == str(package.version)), None)
    if tag is None:
        return f"Its tag is gone too. To take another version: hpm update {package.name}"
    if tag.commit == commit:
        return f"Its tag {tag.name} still points at it; the server may be out of step. Try again later."
    return (
        f"Its tag {tag.name} was moved: it points at {tag.commit[:12]} now, and the old commit was deleted.\n"
        f"To take what there is now: hpm accept {package} (with --dry-run: to look at it)."
    )
