"""outputs: what a task has left, found by the patterns that it declares, and ready to be stored.

Everything that it declares has to be there, and everything that is there has to be of a kind that
can be given back: a file, a link that stays inside the member's folder, or an empty folder.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from hpmtasks.dataclass import dataclass
from hpmtasks.files.failures import storage_failures
from hpmtasks.files.globs import glob_set
from hpmtasks.scripts.log import Log
from hpmtasks.scripts.standing import EXECUTABLE, DigestOf, Standing, find, takes_folder
from hpmtasks.store.results.digest import Digest
from hpmtasks.store.results.paths import why_no_link, why_no_output
from hpmtasks.store.results.result import EMPTY_TREE, ActionResult, OutputFile, OutputLink
from hpmtasks.store.results.result_store import Source


class UnusableOutputs(Exception):
    """What a task left is not what it declares; the text is one sentence that says what is wrong."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a task left, ready to be stored."""

    files: tuple[OutputFile, ...]
    links: tuple[OutputLink, ...]
    folders: tuple[str, ...]
    sources: Mapping[Digest, Path]

    def result(self, log: Log, seconds: float) -> ActionResult:
        """The result of a run that left this, printed *log*, and took *seconds*."""
        return ActionResult(
            self.files,
            self.links,
            self.folders,
            stdout=log.digest("stdout"),
            stderr=log.digest("stderr"),
            order=log.order,
            seconds=round(seconds, 3),
        )

    def blobs(self, log: Log) -> dict[Digest, Source]:
        """Everything that has to be in a store before :meth:`result` is; good until the log is left."""
        tree: dict[Digest, Source] = {Digest.of(EMPTY_TREE): EMPTY_TREE} if self.folders else {}
        return {**self.sources, **log.blobs(), **tree}


def collect(folder: Path, patterns: tuple[str, ...], digest_of: DigestOf) -> Outputs:
    """What a task whose outputs are *patterns* has left below *folder*.

    Raises:
        UnusableOutputs: Something is missing that it declares, or there is what cannot be given back.
        StorageFailure: Something cannot be read.
    """
    standing = find(folder, patterns)
    _check(folder, standing)
    _check_that_all_are_there(folder, patterns, standing)
    files, sources = [], {}
    for path, status in sorted(standing.files.items()):
        absolute = f"{folder}/{path}"
        with storage_failures("read", absolute):
            digest = digest_of(absolute, status)
        files.append(OutputFile(path, digest, bool(status.st_mode & EXECUTABLE)))
        sources[digest] = Path(absolute)
    links = tuple(OutputLink(path, target) for path, target in sorted(standing.links.items()))
    return Outputs(tuple(files), links, tuple(sorted(standing.folders)), sources)


def _check(folder: Path, standing: Standing) -> None:
    """Raises: UnusableOutputs: Something stands there that cannot be given back."""
    for path in (*standing.files, *standing.links, *standing.folders):
        reason = why_no_output(path)
        if reason:
            raise UnusableOutputs(f"The output {path!r} cannot be kept: its path {reason}.")
    for path, status in standing.files.items():
        if not stat.S_ISREG(status.st_mode):
            raise UnusableOutputs(f"The output {path} is neither a file, a folder nor a link.")
    root = os.path.realpath(folder)
    for path, target in standing.links.items():
        reason = why_no_link(path, target)
        if not reason and not f"{os.path.realpath(f'{root}/{path}')}/".startswith(f"{root}/"):
            reason = f"leads to {target}, and from there out of the member's folder"
        if reason:
            raise UnusableOutputs(f"The output {path} cannot be kept: it {reason}.")


def _check_that_all_are_there(folder: Path, patterns: tuple[str, ...], standing: Standing) -> None:
    """Raises: UnusableOutputs: A pattern takes nothing of what there is."""
    leaves = (*standing.files, *standing.links)
    for pattern in patterns:
        if pattern.startswith("!"):
            continue
        globs = glob_set((pattern,))
        if not any(map(globs.fits, leaves)) and not any(
            takes_folder(globs.start, path) for path in standing.folders
        ):
            behind = _link_on_the_way(folder, pattern)
            hint = f" {behind} is a link, and nothing behind a link is an output." if behind else ""
            raise UnusableOutputs(f'It ended well, and left nothing that its output "{pattern}" names.{hint}')


def _link_on_the_way(folder: Path, pattern: str) -> str:
    """The first part of *pattern*, without those that hold wild cards, that is a link; empty if none is."""
    way = ""
    for part in pattern.strip("/").split("/"):
        way = f"{way}/{part}" if way else part
        if os.path.islink(folder / way):
            return way
    return ""
