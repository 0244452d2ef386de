"""clone: a repository's commits and tags, fetched by git into a folder that lives as long as the question.

Archives are how packages come; a clone is for what archives cannot tell: which commits a
commit is built upon, and who signed a tag.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self, runtime_checkable

from hpmtasks.dataclass import dataclass, field
from hpmtasks.errors import NetworkFailure
from hpmtasks.model.package import PackageName
from hpmtasks.sources.git_process import GitFailed, alone, connecting, git_output, make_bare, options, run_git

#: git's own: how many settings stand in the environment.
_COUNT = "GIT_CONFIG_COUNT"


@dataclass(frozen=True, slots=True)
class Remote:
    """A repository as git reaches it.

    Attributes:
        url: Where.
        place: The host as a user knows it.
        protocols: What git may speak.
        environ: The environment of whoever asks.
        header: A header with a credential for just this server; empty for none.
    """

    url: str
    place: str
    protocols: tuple[str, ...]
    environ: Mapping[str, str] = field(repr=False)
    header: str = field(default="", repr=False)

    def connecting(self) -> dict[str, str]:
        """The environment of a git that talks to the server; a credential is there, on no command line."""
        environ = connecting(self.environ)
        if not self.header:
            return environ
        given = environ.get(_COUNT, "")
        count = int(given) if given.isdecimal() else 0
        # Elsewhere than where it belongs a credential is not shown: no redirect is followed with it.
        settings = ((f"http.{self.url}.extraHeader", self.header), ("http.followRedirects", "false"))
        for index, (key, value) in enumerate(settings, start=count):
            environ[f"GIT_CONFIG_KEY_{index}"] = key
            environ[f"GIT_CONFIG_VALUE_{index}"] = value
        return environ | {_COUNT: str(count + len(settings))}


@runtime_checkable
class RemoteSource(Protocol):
    """A source whose packages are repositories that git can fetch."""

    def remote(self, name: PackageName) -> Remote:
        """The repository of *name*.

        Raises:
            NotOffline: It is not on this machine, and the network may not be used.
        """
        ...


class Clone:
    """A bare repository for what is fetched from *remote*; gone when its context ends."""

    def __init__(self, remote: Remote, *, sha256: bool = False) -> None:
        import tempfile

        self._remote = remote
        self._sha256 = sha256
        self._folder = tempfile.TemporaryDirectory(prefix="hpm-git-")
        self.path = Path(self._folder.name)
        self._ancestors: dict[str, frozenset[str]] = {}

    def __enter__(self) -> Self:
        make_bare(self.path, sha256=self._sha256)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.cleanup()

    @property
    def environ(self) -> dict[str, str]:
        """The environment of a git that only reads what was fetched."""
        return alone(self._remote.environ)

    def fetch(self, *refs: str, shallow: bool = False, commits_only: bool = False) -> None:
        """*refs*, as git writes them, are here.

        Args:
            shallow: Without what they are built upon.
            commits_only: Without files, from servers that can leave them out.

        Raises:
            GitFailed: The server does not give them.
            NetworkFailure: git took too long.
        """
        more = ["--depth=1"] if shallow else []
        more += ["--filter=tree:0"] if commits_only else []
        command = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", *more]
        git_output(
            [self._repository, *options(self._remote.protocols), *command, "--", self._remote.url, *refs],
            self._remote.connecting(),
        )

    def fetch_tag(self, tag: str) -> str:
        """The tag called *tag* is here; the result is its commit.

        Raises:
            GitFailed: There is none, or it is a tag of no commit.
            NetworkFailure: git took too long.
        """
        self.fetch(f"+refs/tags/{tag}:refs/tags/{tag}", shallow=True)
        return self.git("rev-parse", "--verify", f"refs/tags/{tag}^{{commit}}").strip()

    def git(self, *arguments: str) -> str:
        """What a git that asks no server says.

        Raises:
            GitFailed: It says no.
        """
        return git_output([self._repository, *arguments], self.environ)

    def ancestors(self, commit: str) -> frozenset[str]:
        """*commit* and all that it is built upon; nothing if it is not here."""
        found = self._ancestors.get(commit)
        if found is None:
            listed: Sequence[str] = ()
            with suppress(GitFailed):
                listed = self.git("rev-list", "--end-of-options", commit).split()
            found = self._ancestors[commit] = frozenset(listed)
        return found

    def archive(self, commit: str, into: BinaryIO) -> None:
        """A tar of *commit*, as ``git archive`` gives it, is written to *into*.

        Raises:
            GitFailed: There is no such commit here.
        """
        settings = ["-c", "core.attributesFile=", "-c", "tar.umask=0022"]
        command = [*settings, "archive", "--format=tar", "--prefix=package/", commit]
        run_git([self._repository, *command], self.environ, into.write)

    @property
    def _repository(self) -> str:
        return f"--git-dir={self.path}"


def told(failed: GitFailed, name: PackageName, remote: Remote) -> NetworkFailure:
    """What a user is told of *failed*, a fetch of the repository of *name*."""
    said = failed.told.splitlines()[-1] if failed.told else "nothing"
    return NetworkFailure(f"Network error: git could not read {name} from {remote.place}\n\ngit says: {said}")


def fetch_history(clone: Clone, commit: str) -> None:
    """All commits of the repository, and *commit* even if no branch and no tag has it any more, are here.

    Raises:
        GitFailed: The server does not give them.
    """
    clone.fetch("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*", commits_only=True)
    if not clone.ancestors(commit):
        with suppress(GitFailed):
            clone.fetch(f"{commit}:refs/hpm/commit", commits_only=True)
