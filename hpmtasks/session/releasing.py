"""releasing: a new version of the project as a commit and a tag: both, or neither."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

from hpmtasks.dataclass import dataclass
from hpmtasks.errors import NetworkFailure, Usage
from hpmtasks.files.atomic import write_atomically
from hpmtasks.files.failures import storage_failures
from hpmtasks.files.interrupts import interrupts_wait
from hpmtasks.model.changelog import release_changelog
from hpmtasks.model.json_text import edit_member
from hpmtasks.model.manifest import Manifest
from hpmtasks.project import Project
from hpmtasks.semver.version import Level, Version, increment
from hpmtasks.sources.working_copy import WorkingCopy

CHANGELOG = "CHANGELOG.md"
_LEVELS: dict[str, Level] = {
    "major": "major",
    "minor": "minor",
    "patch": "patch",
    "prerelease": "prerelease",
}
_MOST_PATHS = 10
# What would make git work on another repository than the project's.
_MISLEADING = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY"})


@dataclass(frozen=True, slots=True)
class Release:
    """What is going to happen.

    Attributes:
        version: The new one.
        branch: The branch that is checked out.
        remote: Where to push to; ``None``: nowhere.
        target: What the branch is called there.
        is_signed: Whether git is set up to sign tags.
        texts: The new contents of files, by path.
    """

    version: str
    branch: str
    remote: str | None
    target: str
    is_signed: bool
    texts: Mapping[Path, bytes]

    @property
    def tag(self) -> str:
        """``v`` and the version."""
        return f"v{self.version}"

    @property
    def push_command(self) -> list[str]:
        """Git's arguments to push the branch and the tag: both arrive, or neither."""
        remote = self.remote or "origin"
        branch = f"HEAD:refs/heads/{self.target}"
        return ["push", "--quiet", "--atomic", remote, branch, f"refs/tags/{self.tag}"]


def plan_release(
    copy: WorkingCopy,
    project: Project,
    manifest: Manifest,
    wanted: str,
    environ: Mapping[str, str],
    *,
    push: bool,
    day: date,
) -> Release:
    """The release *wanted*: ``major``, ``minor``, ``patch``, ``prerelease``, or a version.

    Raises:
        Usage: It cannot be made, and why.
        NetworkFailure: *push*, and the remote cannot be asked, or would refuse.
    """
    version = _next(str(manifest.version), wanted)
    branch = copy.branch()
    if branch is None:
        raise Usage(
            "No branch is checked out, so the release would belong to none.\n\nCheck one out: git switch main"
        )
    if copy.prefix:
        raise Usage(
            f"package.json is in {copy.prefix.rstrip('/')}, and a package is a whole repository:"
            " users get its root."
        )
    require_clean(copy, untracked_too=True)
    for tag in (f"v{version}", version):
        if copy.commit_of(f"refs/tags/{tag}") is not None:
            raise Usage(f"There is a tag {tag} already. A version is released once; choose another.")
    remote, target = _upstream(copy, branch) if push else (None, branch)
    release = Release(
        version, branch, remote, target, _signs(copy), dict(_texts(project, manifest, version, day))
    )
    if remote is not None:
        _require_welcome(copy, release, environ)
    return release


def require_clean(copy: WorkingCopy, *, untracked_too: bool) -> None:
    """Nothing in *copy* differs from HEAD.

    Raises:
        Usage: Something does.
    """
    status = copy.status()
    paths = sorted({*status.changed, *(status.untracked if untracked_too else ())})
    if paths:
        more = len(paths) - _MOST_PATHS
        listed = "\n".join(f"  {path}" for path in paths[:_MOST_PATHS])
        listed += f"\n  and {more} more" if more > 0 else ""
        raise Usage(
            f"Not everything is committed, and a release is what is committed:\n\n{listed}\n\n"
            "Commit, ignore or stash it first."
        )


def steps(release: Release, project: Project, manifest: Manifest) -> Iterator[str]:
    """What is done, one line each; without the tests."""
    for path in release.texts:
        if path == project.manifest_path:
            yield f"package.json: version {manifest.version} → {release.version}"
        else:
            yield f"{path.name}: what was unreleased stands below {release.version}"
    if release.texts:
        yield f"commit {release.tag} on {release.branch}"
    yield f"{'signed' if release.is_signed else 'annotated'} tag {release.tag}"
    if release.remote:
        yield f"push {release.target} and {release.tag} to {release.remote}, both or neither"


def carry_out(copy: WorkingCopy, release: Release, environ: Mapping[str, str]) -> str:
    """The files, the commit and the tag are there; if any of it fails, none of it is.

    Returns:
        The commit.

    Raises:
        Usage: git refused, a hook or the signing program perhaps; or HEAD has moved since the plan.
        StorageFailure: A file could not be written.
    """
    if copy.commit_of("HEAD") != copy.head:
        raise Usage("Another commit is checked out than when the release began. Run it again.")
    before = {path: path.read_bytes() for path in release.texts}
    try:
        with interrupts_wait():  # a git that is killed leaves its locks behind
            for path, data in release.texts.items():
                with storage_failures("write", path):
                    write_atomically(path, data, durable=True)
            if before:
                message = ("--message", release.tag)
                _do(copy, environ, "commit", "--quiet", *message, "--only", "--", *map(str, before))
            kind = "-s" if release.is_signed else "-a"
            _do(copy, environ, "tag", kind, "--message", release.tag, release.tag)
    except BaseException:
        with interrupts_wait():
            _undo(copy, release, before, environ)
        raise
    return str(copy.commit_of("HEAD"))


def push(copy: WorkingCopy, release: Release, environ: Mapping[str, str]) -> None:
    """The remote has the branch and the tag.

    Raises:
        NetworkFailure: It has neither; here both stay.
    """
    try:
        _do(copy, environ, *release.push_command)
    except Usage as refused:
        again = f"git {' '.join(release.push_command)}"
        raise NetworkFailure(
            f"{release.tag} is committed and tagged here, and was not pushed:"
            f" {release.remote} has nothing of it.\n\n{refused.message}\n\nTry again: {again}"
            f"\nOr take it back: git tag -d {release.tag} && git reset --keep {copy.head}"
        ) from None


def _next(current: str, wanted: str) -> str:
    level = _LEVELS.get(wanted)
    if level is not None:
        return str(increment(current, level))
    try:
        version = Version.parse(wanted.removeprefix("v"))
    except ValueError:
        raise Usage(
            f"{wanted!r} is neither major, minor, patch or prerelease, nor a version such as 1.2.3."
        ) from None
    if version < Version.parse(current):
        raise Usage(f"{version} comes before {current}, which package.json says already.")
    return str(version)


def _texts(project: Project, manifest: Manifest, version: str, day: date) -> Iterator[tuple[Path, bytes]]:
    """Each file that the release changes, with its new contents."""
    edited = edit_member(manifest.text, ["version"], version)
    if edited != manifest.text:
        yield project.manifest_path, edited.encode()
    path = project.root / CHANGELOG
    try:
        data = path.read_bytes() if not path.is_symlink() else b""
        text = release_changelog(data.decode(), version, day).encode()
    except (FileNotFoundError, UnicodeDecodeError):
        return
    if text != data:
        yield path, text


def _signs(copy: WorkingCopy) -> bool:
    """Whether git is set up to sign tags: told so, or not told and given a key."""
    told = copy.setting("tag.gpgSign").lower()
    return told in {"true", "yes", "on", "1"} if told else bool(copy.setting("user.signingKey"))


def _upstream(copy: WorkingCopy, branch: str) -> tuple[str, str]:
    """The remote that *branch* belongs to, and what it is called there."""
    remotes = copy.ask("remote").split()
    merged = copy.setting(f"branch.{branch}.merge").removeprefix("refs/heads/")
    chosen = [
        copy.setting(f"branch.{branch}.remote"),
        copy.setting("remote.pushDefault"),
        "origin",
        remotes[0] if len(remotes) == 1 else "",
    ]
    for remote in chosen:
        if remote in remotes:
            return remote, merged or branch
    raise Usage("There is no remote to push to.\n\nAdd one: git remote add origin ADDRESS")


def _require_welcome(copy: WorkingCopy, release: Release, environ: Mapping[str, str]) -> None:
    """The remote does not have the tag and would take the branch."""
    remote = str(release.remote)
    try:
        listing = _do(copy, environ, "ls-remote", "--tags", remote, f"refs/tags/{release.tag}")
        _do(copy, environ, "push", "--dry-run", "--quiet", remote, f"HEAD:refs/heads/{release.target}")
    except Usage as refused:
        raise NetworkFailure(
            f"{remote} would not take the release; nothing was changed.\n\n{refused.message}"
        ) from None
    if listing.strip():
        raise Usage(f"{remote} has a tag {release.tag} already. A version is released once; choose another.")


def _undo(
    copy: WorkingCopy, release: Release, before: Mapping[Path, bytes], environ: Mapping[str, str]
) -> None:
    """Commit, tag and files are as they were, however far it came."""
    if copy.commit_of(f"refs/tags/{release.tag}") is not None:
        _do(copy, environ, "tag", "--delete", release.tag)
    if copy.commit_of("HEAD") != copy.head:
        _do(copy, environ, "reset", "--quiet", "--soft", copy.head)
    for path, data in before.items():
        write_atomically(path, data, durable=True)
    if before:
        _do(copy, environ, "reset", "--quiet", "--", *map(str, before))


def _do(copy: WorkingCopy, environ: Mapping[str, str], *arguments: str) -> str:
    """What git prints, run as the user runs it: with hooks, signing programs, agents and prompts.

    Raises:
        Usage: It ended with an error.
    """
    import subprocess

    kept = {name: value for name, value in environ.items() if name not in _MISLEADING}
    done = subprocess.run(
        ["git", "-C", str(copy.root), *arguments],
        env=kept,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        told = (done.stderr.strip() or done.stdout.strip() or "nothing")[:4000]
        raise Usage(f"git {arguments[0]} failed. git says:\n\n{told}")
    return done.stdout
