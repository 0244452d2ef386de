"""layered: the results of this machine in front of those of a server; the one store that a run uses.

Nothing fails because a store does: a result that cannot be had is one that is not there, and a script
then runs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO

from hpmtasks.errors import StorageFailure
from hpmtasks.store.results.digest import Digest
from hpmtasks.store.results.folder import FolderResults
from hpmtasks.store.results.remote import Remote
from hpmtasks.store.results.result import ActionResult
from hpmtasks.store.results.result_store import Source


class LayeredResults:
    """What is in *local*, and what *remote* has beside it.

    A result that only *remote* has is brought here with all its blobs before it counts.

    Args:
        local: Asked first, and given everything.
        remote: Asked for results that are not here; ``None`` if there is none.
        remote_write: Whether *remote* is given the results that are put here.
        warn: Told one sentence when the disk refuses for the first time; from any thread.
    """

    def __init__(
        self,
        local: FolderResults,
        remote: Remote | None = None,
        *,
        remote_write: bool = False,
        warn: Callable[[str], None],
    ) -> None:
        self._local = local
        self._remote = remote
        self._remote_write = remote_write
        self._warn = warn
        self._guard = threading.Lock()
        self._is_told = False

    def get_result(self, action: Digest) -> ActionResult | None:
        """See :meth:`ResultStore.get_result`; all its blobs are here."""
        found = self._local.get_result(action)
        if found is None and self._remote is not None:
            with self._disk_problems():
                found = self._remote.bring(action)
        return found

    def put_result(self, action: Digest, result: ActionResult) -> None:
        """See :meth:`ResultStore.put_result`. If the disk refuses, that is told, not raised."""
        with self._disk_problems():
            self._local.put_result(action, result)
            if self._remote is not None and self._remote_write:
                self._remote.send(action, result)

    def missing(self, digests: Iterable[Digest]) -> set[Digest]:
        """See :meth:`ResultStore.missing`; what is not here is missing."""
        return self._local.missing(digests)

    def put(self, blobs: Mapping[Digest, Source]) -> None:
        """See :meth:`ResultStore.put`. If the disk refuses, that is told, not raised."""
        with self._disk_problems():
            self._local.put(blobs)

    def get(self, digest: Digest) -> bytes:
        """See :meth:`ResultStore.get`; what is not here is missing."""
        return self._local.get(digest)

    def get_into(self, digest: Digest, file: BinaryIO) -> None:
        """See :meth:`ResultStore.get_into`; what is not here is missing."""
        self._local.get_into(digest, file)

    def close(self) -> None:
        """See :meth:`ResultStore.close`."""
        if self._remote is not None:
            self._remote.close()

    @contextmanager
    def _disk_problems(self) -> Iterator[None]:
        try:
            yield
        except StorageFailure as failure:
            with self._guard:
                is_first, self._is_told = not self._is_told, True
            if is_first:
                self._warn(f"Results of scripts cannot be kept. {failure.message}")
