"""layout: the one place that joins cache paths. ``.cache-layout.md`` says what is where."""

from __future__ import annotations

import re
from pathlib import Path

from hpmtasks.errors import Defect
from hpmtasks.model.package import PackageName

#: The store's folder; an incompatible layout takes the next name and leaves this one alone.
VERSION = "v1"

_FILES, _INDEX = "files", "index.json"

_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9A-Za-z][0-9A-Za-z._+-]{0,127}")
_TREE = re.compile(r"sha256-([0-9a-f]{64})")


class Layout:
    """The paths under one cache folder. Nothing here touches the disk."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        #: Everything that the store owns, but for the first hpm's archives.
        self.root = cache / VERSION
        #: Where things grow before they get their name.
        self.temporary = self.root / "tmp"
        #: Shared by who works in the store, taken alone by who collects what is not needed.
        self.mutex = self.root / "mutex"
        #: The folders that :meth:`archive` is in.
        self.archives = self.root / "archives"
        #: The folders that :meth:`tree` is in.
        self.trees = self.root / "trees"
        #: The index.
        self.packages = self.root / "packages"
        #: The folders that :meth:`blob` is in.
        self.blobs = self.root / "results" / "cas"
        #: The folders that :meth:`result` is in.
        self.results = self.root / "results" / "ac"
        #: Finished installations as ``front.plan`` restores them, by what they were made of.
        self.plans = self.root / "plans"

    def blob(self, sha256: str) -> Path:
        """Something with that digest that a script left, or printed."""
        return self.blobs.joinpath(sha256[:2], _checked(_SHA256, sha256))

    def result(self, sha256: str) -> Path:
        """What the action with that digest left and printed."""
        return self.results.joinpath(sha256[:2], _checked(_SHA256, sha256))

    def archive(self, sha256: str) -> Path:
        """The archive with that digest."""
        return self.archives.joinpath(sha256[:2], _checked(_SHA256, sha256))

    def record(self, name: PackageName, commit: str) -> Path:
        """What is known of a package at a commit."""
        owner, repo = _parts(name)
        file = f"{_checked(_COMMIT, commit)}.json"
        return self.packages.joinpath(owner.lower(), repo.lower(), file)

    def tree(self, digest: str) -> Path:
        """The folder of the tree with that digest; it holds :meth:`tree_files` and :meth:`tree_index`."""
        sha256 = _checked(_TREE, digest)[len("sha256-") :]
        return self.trees.joinpath(sha256[:2], sha256)

    def legacy(self, name: PackageName, version: str) -> Path:
        """Where the first hpm kept the archive of a version."""
        owner, repo = _parts(name)
        return self.cache.joinpath(owner, repo, f"{_checked(_COMMIT, version)}.tar.gz")


def tree_files(tree: Path) -> Path:
    """The files of the tree in the folder *tree*."""
    return tree / _FILES


def tree_index(tree: Path) -> Path:
    """What the files of the tree in the folder *tree* have to be."""
    return tree / _INDEX


def growing_tree(folder: str) -> tuple[str, str]:
    """What :func:`tree_files` and :func:`tree_index` are of a tree that still grows in *folder*."""
    return f"{folder}/{_FILES}", f"{folder}/{_INDEX}"


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
