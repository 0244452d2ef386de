"""watch: a project is watched while scripts run, and after them, and what changed is told in batches.

The system tells of changes (inotify, FSEvents, ReadDirectoryChangesW); no file is ever polled.
Changes that come close together are one batch. What a script writes is no change of the user's:
outputs are not watched, and a path that a run changes again and again, although it was declared
as no output, is passed over from then on, and the user is told.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue

from hpmtasks.dataclass import dataclass, field
from hpmtasks.errors import StorageFailure
from hpmtasks.hearing import first_of
from hpmtasks.project import STATE_FOLDER

#: Changes that follow each other this closely are one batch; a stream of them is cut at the limit.
QUIET_MILLISECONDS, LONGEST_MILLISECONDS = 60, 1000
#: How long the system may take to tell of the first change.
_READY_SECONDS = 10.0
_KNOCK_SECONDS = 0.05
#: A path that this many runs in a row changed themselves is no input, whatever is declared.
_MOST_OWN_CHANGES = 2

#: Paths from the root, with ``/``.
Batch = frozenset[str]


class Watcher:
    """What changes below *root* from the moment of :meth:`start`.

    Args:
        root: Absolute.
        counts: Whether a path, told from the root, is of interest; called by another thread.

    Attributes:
        on_batch: Called by another thread when there is a batch to be waited for.
    """

    def __init__(self, root: Path, counts: Callable[[str], bool]) -> None:
        self.on_batch: Callable[[], None] = lambda: None
        # The system tells real paths.
        self._root = os.path.realpath(root)
        self._counts = counts
        self._batches: SimpleQueue[Batch | Exception] = SimpleQueue()
        self._stopped = threading.Event()
        self._heard = threading.Event()
        self._knocker = os.path.join(self._root, STATE_FOLDER, f"watch.{os.getpid()}")
        self._thread = threading.Thread(target=self._listen, name="hpm watch", daemon=True)

    def start(self) -> None:
        """Nothing that changes from now on is missed.

        Raises:
            StorageFailure: The system cannot tell of changes here.
        """
        self._thread.start()
        if not self._knock():
            self.stop()
            self.pending()
            raise StorageFailure(
                f"Nothing tells of changes in {self._root}, as on some network drives.\n\n"
                "Set WATCHFILES_FORCE_POLLING=1 to have all files looked at again and again instead."
            )

    def catch_up(self) -> Batch:
        """All that changed until now and was not asked for yet.

        Raises:
            StorageFailure: The system cannot tell any more.
        """
        self._knock()
        return self.pending()

    def _knock(self) -> bool:
        """A change of our own was told, and so is all that came before it; whether it was."""
        self._heard.clear()
        os.makedirs(os.path.dirname(self._knocker), exist_ok=True)
        try:
            for _ in range(int(_READY_SECONDS / _KNOCK_SECONDS)):
                with open(self._knocker, "w", encoding="ascii"):
                    """It need not hold anything."""
                if self._heard.wait(_KNOCK_SECONDS) or not self._thread.is_alive():
                    break
        finally:
            with suppress(OSError):
                os.unlink(self._knocker)
        return self._heard.is_set()

    def stop(self) -> None:
        """Nothing is told any more."""
        self._stopped.set()
        self._thread.join()

    def wait(self) -> Batch:
        """The next batch; waits for it.

        Raises:
            StorageFailure: The system cannot tell any more.
        """
        return self._raise_if_failed(first_of(self._batches))

    def pending(self) -> Batch:
        """All that was told and not asked for yet; does not wait."""
        found: Batch = frozenset()
        with suppress(Empty):
            while True:
                found |= self._raise_if_failed(self._batches.get_nowait())
        return found

    @staticmethod
    def _raise_if_failed(told: Batch | Exception) -> Batch:
        if isinstance(told, Exception):
            raise StorageFailure(
                f"The files cannot be watched: {told}.\n\n"
                "On Linux, the system may let a user watch more folders: see fs.inotify.max_user_watches."
            ) from told
        return told

    def _listen(self) -> None:
        from watchfiles import Change, watch

        try:
            for changes in watch(
                self._root,
                watch_filter=None,
                debounce=LONGEST_MILLISECONDS,
                step=QUIET_MILLISECONDS,
                stop_event=self._stopped,
                raise_interrupt=False,
                ignore_permission_denied=True,
            ):
                paths = {path for _, path in changes}
                new = {path for change, path in changes if change == Change.added}
                batch = frozenset(self._told(paths | _contents_of(new)))
                if batch:
                    self._batches.put(batch)
                    self.on_batch()
                if self._knocker in paths:
                    self._heard.set()
        except Exception as error:  # noqa: BLE001  told by whoever waits
            self._batches.put(error)

    def _told(self, paths: Iterable[str]) -> Iterator[str]:
        for path in paths:
            relative = path.removeprefix(f"{self._root}{os.sep}").replace(os.sep, "/")
            if path != relative and self._counts(relative):
                yield relative


def _contents_of(paths: set[str]) -> set[str]:
    """What is in the folders among *paths*: of a new one the system may tell nothing else."""
    return {
        os.path.join(folder, name)
        for path in paths
        if os.path.isdir(path) and not os.path.islink(path)
        for folder, _, names in os.walk(path)
        for name in names
    }


@contextmanager
def watching(root: Path, counts: Callable[[str], bool]) -> Iterator[Watcher]:
    """A watcher of *root* that has been started, and is stopped at the end."""
    watcher = Watcher(root, counts)
    watcher.start()
    try:
        yield watcher
    finally:
        watcher.stop()


@dataclass
class OwnChanges:
    """Which paths the runs themselves change, so that no run is the reason for the next one.

    A run that changes what it reads would run for ever. What changes while scripts run may be the
    user's doing as well, so a path has to do it several times in a row, and changes of it that
    come between two runs clear it.
    """

    _counts: Counter[str] = field(default_factory=Counter)

    def during(self, batch: Batch) -> tuple[Batch, Batch]:
        """Of *batch*, which came while scripts ran: what to run for, and what is passed over from now on."""
        for path in list(self._counts):
            if path not in batch and self._counts[path] < _MOST_OWN_CHANGES:
                del self._counts[path]
        self._counts.update(batch)
        heeded = frozenset(path for path in batch if self._counts[path] < _MOST_OWN_CHANGES)
        passed_over = frozenset(path for path in batch if self._counts[path] == _MOST_OWN_CHANGES)
        return heeded, passed_over

    def between(self, batch: Batch) -> Batch:
        """Of *batch*, which came while nothing ran: what is to be run for, all of it."""
        for path in batch:
            del self._counts[path]
        return batch


def told_batch(batch: Batch) -> str:
    """*batch* in a few words: the first path, and how many more."""
    first, *more = sorted(batch)
    return f"{first} changed" if not more else f"{first} and {len(more)} more changed"
