"""layout: the one place that joins cache paths. ``.cache-layout.md`` says what is where."""

from __future__ import annotations

import re
from pathlib import Path

from hpmtasks.dataclass import dataclass
from hpmtasks.errors import Defect
from hpmtasks.model.package import PackageName

#: The store's folder; an incompatible layout takes the next name and leaves this one alone.
VERSION = "v1"

_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9A-Za-z][0-9A-Za-z._+-]{0,127}")
_TREE = re.compile(r"sha256-([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths under one cache folder. Nothing here touches the disk."""

    cache: Path

    @property
    def root(self) -> Path:
        """Everything that the store owns, but for the first hpm's archives."""
        return self.cache / VERSION

    @property
    def temporary(self) -> Path:
        """Where things grow before they get their name."""
        return self.cache.joinpath(VERSION, "tmp")

    @property
    def mutex(self) -> Path:
        """Shared by who works in the store, taken alone by who collects what is not needed."""
        return self.cache.joinpath(VERSION, "mutex")

    @property
    def archives(self) -> Path:
        """The folders that :meth:`archive` is in."""
        return self.cache.joinpath(VERSION, "archives")

    @property
    def trees(self) -> Path:
        """The folders that :meth:`tree` is in."""
        return self.cache.joinpath(VERSION, "trees")

    @property
    def packages(self) -> Path:
        """The index."""
        return self.cache.joinpath(VERSION, "packages")

    @property
    def blobs(self) -> Path:
        """The folders that :meth:`blob` is in."""
        return self.cache.joinpath(VERSION, "results", "cas")

    @property
    def results(self) -> Path:
        """The folders that :meth:`result` is in."""
        return self.cache.joinpath(VERSION, "results", "ac")

    def blob(self, sha256: str) -> Path:
        """Something with that digest that a script left, or printed."""
        return self.cache.joinpath(VERSION, "results", "cas", sha256[:2], _checked(_SHA256, sha256))

    def result(self, sha256: str) -> Path:
        """What the action with that digest left and printed."""
        return self.cache.joinpath(VERSION, "results", "ac", sha256[:2], _checked(_SHA256, sha256))

    def archive(self, sha256: str) -> Path:
        """The archive with that digest."""
        return self.cache.joinpath(VERSION, "archives", sha256[:2], _checked(_SHA256, sha256))

    def record(self, name: PackageName, commit: str) -> Path:
        """What is known of a package at a commit."""
        owner, repo = _parts(name)
        file = f"{_checked(_COMMIT, commit)}.json"
        return self.cache.joinpath(VERSION, "packages", owner.lower(), repo.lower(), file)

    def tree(self, digest: str) -> Path:
        """The folder of the tree with that digest; it holds :meth:`tree_files` and :meth:`tree_index`."""
        sha256 = _checked(_TREE, digest)[len("sha256-") :]
        return self.cache.joinpath(VERSION, "trees", sha256[:2], sha256)

    @property
    def plans(self) -> Path:
        """Finished installations as ``front.plan`` restores them, by what they were made of."""
        return self.cache.joinpath(VERSION, "plans")

    def legacy(self, name: PackageName, version: str) -> Path:
        """Where the first hpm kept the archive of a version."""
        owner, repo = _parts(name)
        return self.cache.joinpath(owner, repo, f"{_checked(_COMMIT, version)}.tar.gz")


def tree_files(tree: Path) -> Path:
    """The files of the tree in the folder *tree*."""
    return tree / "files"


def tree_index(tree: Path) -> Path:
    """What the files of the tree in the folder *tree* have to be."""
    return tree / "index.json"


def is_commit(text: str) -> bool:
    """Whether *text* can be what a package is known by in the store."""
    return _COMMIT.fullmatch(text) is not None


def is_sha256(text: object) -> bool:
    """Whether *text* is 64 lower-case hex digits."""
    return isinstance(text, str) and _SHA256.fullmatch(text) is not None


def is_tree_digest(text: object) -> bool:
    """Whether *text* is ``sha256-`` and 64 lower-case hex digits."""
    return isinstance(text, str) and _TREE.fullmatch(text) is not None


def _parts(name: PackageName) -> tuple[str, str]:
    # Checked again where names become paths, however they came here.
    try:
        checked = PackageName.parse(str(name))
    except ValueError as error:
        raise Defect(f"A package name that cannot be a path reached the store: {error}") from error
    return checked.owner, checked.repo


def _checked(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise Defect(f"{text!r} cannot be part of a path in the store.")
    return text
