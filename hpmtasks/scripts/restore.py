"""restore: the outputs of a task are as a stored result says, exactly, and nothing else was touched.

A result may come from elsewhere, so each of its paths is judged once more where it becomes one of
this machine: it has to be taken by the patterns that the task declares, and no link is followed to it.
That needs folders that are held open (``dir_fd``), which Windows does not have.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

from hpmtasks.files.failures import storage_failures
from hpmtasks.files.globs import glob_set
from hpmtasks.files.leftovers import sweep, temporary_beside
from hpmtasks.scripts.outputs import UnusableOutputs
from hpmtasks.scripts.standing import DigestOf, Standing, find, is_as_in_result, takes_folder
from hpmtasks.store.results.paths import why_no_link, why_no_output
from hpmtasks.store.results.result import ActionResult, OutputFile, OutputLink
from hpmtasks.store.results.result_store import ResultStore

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


def restore(
    result: ActionResult,
    results: ResultStore,
    folder: Path,
    patterns: tuple[str, ...],
    digest_of: DigestOf,
) -> None:
    """Below *folder* stands exactly what *result* says, of all that *patterns* take.

    A file that is right already is not touched; any other is replaced as a whole, under a temporary name
    first. What *patterns* take and *result* has not is removed. If something is raised, a part may be done.

    Raises:
        UnusableOutputs: A path of *result* is none that *patterns* take; or a link, or a file that is no
            output, stands where a folder has to be.
        BlobMissing: *results* has not the contents any more.
        StorageFailure: The file system refuses.
    """
    _check(result, patterns)
    standing = find(folder, patterns)
    for place in standing.leftovers:
        sweep(folder / place)
    with storage_failures("write", folder), _Root(folder) as root:
        _remove_stale(root, result, standing, patterns)
        for path in result.folders:
            root.enter(path)
        for file in result.files:
            if not is_as_in_result(file, folder, standing, digest_of):
                root.write(file, results)
        for link in result.links:
            if standing.links.get(link.path) != link.target:
                root.link(link)


def _check(result: ActionResult, patterns: tuple[str, ...]) -> None:
    """Raises: UnusableOutputs: *result* names what is not the task's."""
    globs = glob_set(patterns)
    for path in (*(file.path for file in result.files), *(link.path for link in result.links)):
        if why_no_output(path) or not globs.fits(path):
            raise UnusableOutputs(f"A stored result has {path!r}, which is no output of the task.")
    for path in result.folders:
        if why_no_output(path) or not takes_folder(globs.start, path):
            raise UnusableOutputs(f"A stored result has {path!r}, which is no output of the task.")
    for link in result.links:
        reason = why_no_link(link.path, link.target)
        if reason:
            raise UnusableOutputs(f"A stored result has the link {link.path!r}, which {reason}.")


def _remove_stale(root: _Root, result: ActionResult, standing: Standing, patterns: tuple[str, ...]) -> None:
    """Nothing stands that is taken and is not in *result*; nor folders that are empty for that reason."""
    kept = {file.path for file in result.files} | {link.path for link in result.links}
    stale = [path for path in (*standing.files, *standing.links) if path not in kept]
    for path in stale:
        root.remove(path)
    place = glob_set(patterns).start
    emptied = set(standing.folders)
    for path in (*stale, *standing.folders):
        above = path.rpartition("/")[0]
        while above and above not in emptied:
            emptied.add(above)
            above = above.rpartition("/")[0]
    for path in sorted(emptied - set(result.folders), key=len, reverse=True):
        if takes_folder(place, path):
            root.remove_if_empty(path)


class _Root:
    """The folder below which everything happens; no link leads out of it. A context."""

    def __init__(self, folder: Path) -> None:
        self._root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        # The folder that was entered last, and open: most files have a neighbour.
        self._path = ""
        self._current = self._root

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()
        os.close(self._root)

    def enter(self, path: str) -> int:
        """The folder *path*, open; it and those above it are made where they are missing.

        Raises:
            UnusableOutputs: Something else stands in the place of one of them.
        """
        if path == self._path:
            return self._current
        self._leave()
        way = ""
        for part in path.split("/") if path else ():
            way = f"{way}/{part}" if way else part
            above = self._current
            try:
                self._current = _open_folder(part, above)
            except NotADirectoryError:
                raise UnusableOutputs(
                    f"{way} has to be a folder for outputs, and is a link or a file."
                ) from None
            finally:
                if above not in {self._root, self._current}:
                    os.close(above)
        self._path = path
        return self._current

    def _leave(self) -> None:
        if self._current != self._root:
            os.close(self._current)
        self._path, self._current = "", self._root

    def write(self, file: OutputFile, results: ResultStore) -> None:
        """*file* stands there, whatever stood there before."""

        def make(temporary: str, folder: int) -> None:
            mode = 0o755 if file.executable else 0o644
            with os.fdopen(os.open(temporary, _NEW, mode, dir_fd=folder), "w+b") as growing:
                results.get_into(file.digest, growing)

        self._replace(file.path, make)

    def link(self, link: OutputLink) -> None:
        """*link* stands there, whatever stood there before."""
        self._replace(link.path, lambda temporary, folder: os.symlink(link.target, temporary, dir_fd=folder))

    def _replace(self, path: str, make: Callable[[str, int], None]) -> None:
        above, _, name = path.rpartition("/")
        folder = self.enter(above)
        temporary = temporary_beside(Path(name)).name
        try:
            make(temporary, folder)
            os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=folder)
            raise

    def remove(self, path: str) -> None:
        """No file and no link is at *path*."""
        above, _, name = path.rpartition("/")
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self.enter(above))

    def remove_if_empty(self, path: str) -> None:
        """No folder is at *path*, unless something is in it."""
        above, _, name = path.rpartition("/")
        with suppress(OSError):
            os.rmdir(name, dir_fd=self.enter(above))


def _open_folder(name: str, above: int) -> int:
    """The folder *name* in the open folder *above*, made if nothing is there.

    Raises:
        NotADirectoryError: A link or a file is there.
    """
    try:
        try:
            return os.open(name, _FOLDER, dir_fd=above)
        except FileNotFoundError:
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=above)
            return os.open(name, _FOLDER, dir_fd=above)
    except OSError as error:
        if error.errno == errno.ELOOP:  # what some systems say of a link
            raise NotADirectoryError(error.errno, error.strerror) from None
        raise
