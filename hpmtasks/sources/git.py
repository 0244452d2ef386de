"""git: packages from any git server: GitLab, Gitea, gitolite, a folder of bare repositories."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from hpmtasks.errors import HpmError, NetworkFailure, PackageNotFound
from hpmtasks.model.package import PackageName
from hpmtasks.net.fetcher import not_offline
from hpmtasks.semver.version import Version
from hpmtasks.sources.clone import Remote
from hpmtasks.sources.git_process import (
    GitFailed,
    alone,
    connecting,
    git_output,
    make_bare,
    options,
    run_git,
)
from hpmtasks.sources.git_url import GitUrl
from hpmtasks.sources.source import TagList, tag_list

_REF_LINE = re.compile(r"([0-9a-f]{40}(?:[0-9a-f]{24})?)\trefs/tags/([^\s^]+)(\^\{\})?")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
# How git, in English, says that a repository is not there for whoever asks.
_ABSENT = re.compile(
    r"not found|does not (?:exist|appear)|authentication failed|could not read username|permission denied"
    r"|returned error: 40[134]|access denied",
    re.IGNORECASE,
)
_UNREACHABLE = re.compile(
    r"could not resolve|failed to connect|couldn't connect|connection (?:refused|timed out|reset|closed)"
    r"|unable to connect|no route to host|network is unreachable|early eof|hung up unexpectedly",
    re.IGNORECASE,
)
_UNOFFERED = re.compile(
    r"not our ref|unadvertised object|no such remote ref|couldn't find remote ref", re.IGNORECASE
)


class GitSource:
    """Packages as repositories of one git server.

    Connections are git's own, so its credential helpers, ssh keys, proxies and ``insteadOf``
    hold as everywhere on the machine; what is in a package depends on none of them.
    """

    kind = "git"
    has_archives = False

    def __init__(self, url: GitUrl, environ: Mapping[str, str], *, offline: bool = False) -> None:
        self._url = url
        self._environ = environ
        self._offline = offline and url.kind != "file"
        self._connecting = connecting(environ)
        self._alone = alone(environ)
        self._options = options(url.protocols)

    def tags(self, name: PackageName) -> TagList:
        """See :meth:`Source.tags`."""
        self._must_be_reachable(name, "tags")
        try:
            listing = git_output(
                [*self._options, "ls-remote", "--quiet", "--tags", "--", self._url.of(name)], self._connecting
            )
        except GitFailed as failed:
            raise self._told(failed, name) from None
        return tag_list(_peeled(listing))

    def archive(self, name: PackageName, commit: str, *, version: Version | None, into: BinaryIO) -> None:
        """See :meth:`Source.archive`."""
        import tempfile

        if not _COMMIT.fullmatch(commit):
            raise PackageNotFound(str(name), self._place, f"{commit!r} is not a commit.")
        self._must_be_reachable(name, "contents")
        with tempfile.TemporaryDirectory(prefix="hpm-git-") as folder:
            repository = f"--git-dir={folder}"
            make_bare(Path(folder), sha256=len(commit) == 64)
            try:
                self._fetch(name, commit, version, repository)
                top = f"{name.repo}-{version or commit}"
                run_git(
                    [
                        repository,
                        "-c",
                        "core.attributesFile=",
                        "-c",
                        "tar.umask=0022",
                        "archive",
                        "--format=tar",
                        f"--prefix={top}/",
                        commit,
                    ],
                    self._alone,
                    into.write,
                )
            except GitFailed as failed:
                raise self._told(failed, name, commit) from None

    def resolved(
        self,
        name: PackageName,
        tag_name: str,  # noqa: ARG002 - the commit says more
        commit: str,
        version: Version,  # noqa: ARG002
    ) -> str:
        """See :meth:`Source.resolved`."""
        return f"{self._url.of(name) if self._url.is_public else f'git:{name}'}#{commit}"

    def remote(self, name: PackageName) -> Remote:
        """See :meth:`RemoteSource.remote`."""
        self._must_be_reachable(name, "history")
        return Remote(self._url.of(name), self._place, self._url.protocols, self._environ)

    @property
    def _place(self) -> str:
        return self._url.host or self._url.template

    def _must_be_reachable(self, name: PackageName, what: str) -> None:
        if self._offline:
            raise not_offline(self._place, f"the {what} of {name}")
        if self._url.kind == "file" and not Path(self._url.local_path(name)).is_dir():
            raise PackageNotFound(str(name), self._place)

    def _fetch(self, name: PackageName, commit: str, version: Version | None, repository: str) -> None:
        """*commit* is in *repository*: fetched by its id or, from servers that refuse that, by its tag.

        Raises:
            GitFailed: The server gave neither.
            PackageNotFound: The tag has another commit by now.
        """
        command = [
            repository,
            *self._options,
            "fetch",
            "--quiet",
            "--depth=1",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--",
            self._url.of(name),
        ]
        try:
            git_output([*command, f"{commit}:refs/hpm/commit"], self._connecting)
            return
        except GitFailed as failed:
            if version is None or not _UNOFFERED.search(failed.told):
                raise
            refused = failed
        for tag in (f"v{version}", str(version)):
            try:
                git_output([*command, f"+refs/tags/{tag}:refs/hpm/tag"], self._connecting)
            except GitFailed as failed:
                if not _UNOFFERED.search(failed.told):
                    raise
                continue
            found = git_output([repository, "rev-parse", "refs/hpm/tag^{commit}"], self._alone).strip()
            if found == commit:
                return
        raise refused

    def _told(self, failed: GitFailed, name: PackageName, commit: str = "") -> HpmError:
        """What a user is told of *failed*."""
        if _UNOFFERED.search(failed.told) and commit:
            hint = f"Or commit {commit} is no longer in it: deleted, or replaced by a force push."
            return PackageNotFound(str(name), self._place, hint)
        said = failed.told.splitlines()[-1] if failed.told else "nothing"
        if _UNREACHABLE.search(failed.told):
            return NetworkFailure(
                f"Network error: could not connect to {self._place}\n\n"
                f"Please check your internet connection and try again.\ngit says: {failed.told[:500]}"
            )
        if _ABSENT.search(failed.told):
            return PackageNotFound(str(name), self._place, f"git says: {said}")
        return NetworkFailure(
            f"Network error: git could not read {name} from {self._place}\n\ngit says: {said}"
        )


def _peeled(listing: str) -> Iterator[tuple[str, str]]:
    """Each tag in the output of ``git ls-remote --tags`` with its commit."""
    commits: dict[str, str] = {}
    for line in listing.splitlines():
        found = _REF_LINE.fullmatch(line)
        # The peeled line of an annotated tag follows its own.
        if found and (found[3] or found[2] not in commits):
            commits[found[2]] = found[1]
    yield from commits.items()
