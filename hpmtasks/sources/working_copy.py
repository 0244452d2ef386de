"""working_copy: the git repository that a project is developed in, asked and never changed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Self

from hpmtasks.dataclass import dataclass
from hpmtasks.errors import Usage
from hpmtasks.sources.git_process import GitFailed, alone, connecting, git_output, make_bare, run_git

# What hpm and others leave in a project, and nobody ever packs.
_NEVER_PACKED = ("hem_modules", "node_modules", ".hpm")


@dataclass(frozen=True, slots=True)
class Blob:
    """An entry of a commit: its path, git's mode for it, and its bytes (0 for a submodule)."""

    path: str
    mode: str
    size: int

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link."""
        return self.mode == "120000"

    @property
    def is_submodule(self) -> bool:
        """Whether it is a commit of another repository."""
        return self.mode == "160000"


@dataclass(frozen=True, slots=True)
class Status:
    """How the files in the working copy differ from HEAD, as paths from its root.

    Attributes:
        changed: Known to git, and others than in HEAD.
        untracked: Not known to git, and not ignored.
        ignored: Ignored, one by one.
    """

    changed: tuple[str, ...] = ()
    untracked: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class WorkingCopy:
    """The working copy that a folder is in.

    Attributes:
        root: Its top folder.
        prefix: Where the folder is in it: empty, or ``some/folder/``.
        head: The commit that is checked out.
    """

    root: Path
    prefix: str
    head: str
    _environ: Mapping[str, str]

    @classmethod
    def around(cls, folder: Path, environ: Mapping[str, str]) -> Self:
        """The working copy that *folder* is in.

        Raises:
            Usage: There is no git, no repository, or no commit in it.
        """
        import shutil

        if shutil.which("git", path=environ.get("PATH", os.defpath)) is None:
            raise Usage("There is no git on the PATH, and this is about what git has. Install git.")
        asking = ["-C", str(folder), "rev-parse", "--show-toplevel", "--show-prefix"]
        try:
            root, prefix = git_output(asking, connecting(environ)).split("\n")[:2]
        except (GitFailed, ValueError) as error:
            told = error.told if isinstance(error, GitFailed) else str(error)
            raise Usage(
                f"{folder} is not in a git repository, and packages are published with git.\n\n"
                f"Make one: git init && git add . && git commit\ngit says: {told.partition(chr(10))[0]}"
            ) from None
        try:
            head = git_output(
                ["-C", root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}"], connecting(environ)
            )
        except GitFailed:
            raise Usage(
                "The git repository has no commit yet, and packages are published from commits.\n\n"
                "Make one: git add . && git commit"
            ) from None
        return cls(Path(root), prefix, head.strip(), environ)

    def ask(self, *arguments: str) -> str:
        """What git prints.

        Raises:
            Usage: It ended with an error.
        """
        try:
            return self._try(*arguments)
        except GitFailed as failed:
            raise Usage(f"git could not be asked about {self.root}.\n\ngit says: {failed.told}") from None

    def _try(self, *arguments: str) -> str:
        return git_output(
            ["-C", str(self.root), "--no-optional-locks", *arguments], connecting(self._environ)
        )

    def branch(self) -> str | None:
        """The branch that is checked out; ``None`` if HEAD is a commit."""
        try:
            return self._try("symbolic-ref", "--quiet", "--short", "HEAD").strip()
        except GitFailed:
            return None

    def setting(self, name: str) -> str:
        """The value of a git setting; empty if it is not set."""
        try:
            return self._try("config", "--get", name).rstrip("\n")
        except GitFailed:
            return ""

    def tags_at_head(self) -> list[str]:
        """The tags that point at HEAD."""
        return self.ask("tag", "--points-at", "HEAD").split()

    def commit_of(self, ref: str) -> str | None:
        """The commit that the full name *ref* (``refs/tags/v1.0.0``) points at; ``None`` if there is none."""
        try:
            return self._try(
                "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}"
            ).strip()
        except GitFailed:
            return None

    def entries(self) -> tuple[Blob, ...]:
        """Everything in HEAD that is no folder, in git's order."""
        return tuple(_entries(self.ask("ls-tree", "-r", "-z", "-l", "--full-tree", "HEAD")))

    def status(self, *, with_ignored: bool = False) -> Status:
        """How the files differ from HEAD; *with_ignored*: those that git ignores are told too.

        What hpm itself makes in a project is never told.
        """
        pathspec = [f":(exclude,glob)**/{name}/**" for name in _NEVER_PACKED]
        listing = self.ask(
            "status",
            "--porcelain=v1",
            "-z",
            "--no-renames",
            "--untracked-files=all",
            f"--ignored={'traditional' if with_ignored else 'no'}",
            "--",
            ":/",
            *pathspec,
        )
        rows = [(row[:2], row[3:]) for row in listing.split("\0") if row]
        return Status(
            changed=tuple(path for mark, path in rows if mark not in ("??", "!!")),
            untracked=tuple(path for mark, path in rows if mark == "??"),
            ignored=tuple(path for mark, path in rows if mark == "!!"),
        )

    def archive(self, into: BinaryIO) -> None:
        """*into* holds what a forge would archive of HEAD: no setting of the user or of this copy counts.

        Raises:
            GitFailed: It ended with an error.
        """
        import tempfile

        objects = Path(self.ask("rev-parse", "--path-format=absolute", "--git-path", "objects").rstrip("\n"))
        with tempfile.TemporaryDirectory(prefix="hpm-git-") as folder:
            bare = Path(folder)
            make_bare(bare, sha256=len(self.head) == 64)
            (bare / "objects/info").mkdir()
            (bare / "objects/info/alternates").write_bytes(os.fsencode(objects) + b"\n")
            run_git(
                [
                    *(f"--git-dir={folder}", "-c", "core.attributesFile=", "-c", "tar.umask=0022"),
                    *("archive", "--format=tar", "--prefix=package/", self.head),
                ],
                alone(self._environ),
                into.write,
            )


def _entries(listing: str) -> Iterator[Blob]:
    for row in listing.split("\0"):
        if row:
            about, _, path = row.partition("\t")
            mode, _, _, size = about.split()
            yield Blob(path, mode, int(size) if size.isdecimal() else 0)
