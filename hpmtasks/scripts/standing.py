"""standing: what the patterns of a task's outputs take on the disk at some moment.

Outputs are files, symbolic links, and folders without any output in them where the patterns take
the folder as a whole. No link is followed on the way.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from hpmtasks.dataclass import dataclass
from hpmtasks.files.failures import storage_failures
from hpmtasks.files.globs import Place, glob_set
from hpmtasks.files.leftovers import PREFIX
from hpmtasks.files.sightings import Sightings
from hpmtasks.store.results.digest import Digest
from hpmtasks.store.results.paths import FORBIDDEN
from hpmtasks.store.results.result import ActionResult, OutputFile

EXECUTABLE = 0o100

#: The digest of the file at an absolute path whose ``lstat`` has just said this.
DigestOf = Callable[[str, os.stat_result], Digest]


@dataclass(frozen=True, slots=True)
class Standing:
    """What patterns take below a folder at some moment.

    Attributes:
        files: By path, relative with ``/``; their own ``lstat``. Also what is neither file nor folder.
        links: By path; where they lead.
        folders: Those that are taken and hold no output.
        leftovers: Folders in which somebody's temporary names are.
    """

    files: Mapping[str, os.stat_result]
    links: Mapping[str, str]
    folders: frozenset[str]
    leftovers: frozenset[str]


def find(folder: Path, patterns: tuple[str, ...], seen: Sightings | None = None) -> Standing:
    """What *patterns* take below *folder* now; *seen* is told of everything on which that depends.

    Raises:
        StorageFailure: A folder may not be read.
    """
    search = _Search(os.fspath(folder), seen)
    with storage_failures("read", folder):
        search.run(glob_set(patterns).start)
    return Standing(search.files, search.links, search.without_output(), frozenset(search.leftovers))


def match(
    result: ActionResult,
    folder: Path,
    patterns: tuple[str, ...],
    digest_of: DigestOf,
    seen: Sightings | None = None,
) -> bool:
    """Whether exactly what *result* says stands below *folder*, of all that *patterns* take.

    If so, *seen* is told of everything by which that is known.

    Raises:
        StorageFailure: A folder may not be read.
    """
    standing = find(folder, patterns, seen)
    return (
        len(standing.files) == len(result.files)
        and standing.folders == set(result.folders)
        and standing.links == {link.path: link.target for link in result.links}
        and all(is_as_in_result(file, folder, standing, digest_of) for file in result.files)
    )


def is_as_in_result(file: OutputFile, folder: Path, standing: Standing, digest_of: DigestOf) -> bool:
    """Whether *file* is among what is *standing* below *folder*: the same bytes, executable or not."""
    status = standing.files.get(file.path)
    if (
        status is None
        or not stat.S_ISREG(status.st_mode)
        or status.st_size != file.digest.size
        or bool(status.st_mode & EXECUTABLE) != file.executable
    ):
        return False
    try:
        return digest_of(f"{folder}/{file.path}", status) == file.digest
    except OSError:
        return False


def takes_folder(place: Place, path: str) -> bool:
    """Whether the empty folder *path* is taken as a whole."""
    is_taken = False
    for name in path.split("/"):
        is_taken = bool(place.decide(name, is_folder=True))
        inner = place.enter(name)
        if inner is None:
            return False
        place = inner
    return is_taken or place.takes_all


class _Search:
    """A walk below *root* that keeps what is taken."""

    def __init__(self, root: str, seen: Sightings | None) -> None:
        self._seen = seen
        self.files: dict[str, os.stat_result] = {}
        self.links: dict[str, str] = {}
        self.leftovers: set[str] = set()
        self._folders: list[str] = []
        self._root = root

    def run(self, start: Place) -> None:
        """Everything that is taken is kept, *start* being what is known of the root."""
        waiting = [("", start)]
        while waiting:
            prefix, place = waiting.pop()
            for name, status in self._entries(prefix, place):
                path = prefix + name
                if name.startswith(PREFIX):
                    self.leftovers.add(prefix.rstrip("/"))
                elif not stat.S_ISDIR(status.st_mode):
                    self._see(path, status, is_taken=bool(place.decide(name, is_folder=False)))
                elif (inner := place.enter(name)) is not None:
                    waiting.append((f"{path}/", inner))
                    if inner.takes_all or place.decide(name, is_folder=True):
                        self._folders.append(path)

    def without_output(self) -> frozenset[str]:
        """The folders that are taken as a whole, and in which nothing was kept."""
        found: set[str] = set()
        occupied: set[str] = set()
        for path in (*self.files, *self.links, *sorted(self._folders, key=len, reverse=True)):
            if path in occupied:
                continue
            if path not in self.files and path not in self.links:
                found.add(path)
            above = path.rpartition("/")[0]
            while above and above not in occupied:
                occupied.add(above)
                above = above.rpartition("/")[0]
        return frozenset(found)

    def _see(self, path: str, status: os.stat_result, *, is_taken: bool) -> None:
        if is_taken and self._seen is not None:
            self._seen.saw(f"{self._root}/{path}", status)
        if is_taken and stat.S_ISLNK(status.st_mode):
            self.links[path] = os.readlink(f"{self._root}/{path}")
        elif is_taken:
            self.files[path] = status

    def _entries(self, prefix: str, place: Place) -> Iterator[tuple[str, os.stat_result]]:
        """The entries of a folder that can matter, without those that go away meanwhile."""
        folder = f"{self._root}/{prefix}"
        names = place.literals
        if names is None:
            if self._seen is not None:
                self._seen.look(folder.rstrip("/"))
            try:
                names = frozenset(os.listdir(folder))
            except (FileNotFoundError, NotADirectoryError):
                return
        for name in sorted(names - FORBIDDEN):
            try:
                status = os.lstat(folder + name)
            except (FileNotFoundError, NotADirectoryError):
                if self._seen is not None:
                    self._seen.missed(folder + name)
                continue
            if self._seen is not None and place.literals is not None:
                self._seen.met(folder + name, status)
            yield name, status
