"""remote: a server of results that may fail in any way, and nothing fails with it.

The first thing that goes wrong is told in one warning, and a server that is of no use is not asked
again in the same run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue

from hpmtasks.store.results.digest import Digest
from hpmtasks.store.results.folder import FolderResults
from hpmtasks.store.results.parallel import for_each
from hpmtasks.store.results.result import ActionResult
from hpmtasks.store.results.result_store import BlobMissing, ContentChanged, ResultStore, Untrue, Unusable

# So many wrong answers are no accident: something else answers in the server's place.
_MOST_UNTRUE = 3


class Remote:
    """What *store*, which is elsewhere, has for *local*, and is given by it.

    Args:
        store: Asked, and closed in the end.
        place: What a user knows it by.
        local: Where results are brought to, and where those that are sent are.
        warn: Told one sentence when something goes wrong for the first time; from any thread.
    """

    def __init__(
        self, store: ResultStore, place: str, local: FolderResults, warn: Callable[[str], None]
    ) -> None:
        self._store = store
        self._place = place
        self._local = local
        self._warn = warn
        self._guard = threading.Lock()
        self._is_told = False
        self._is_usable = True
        self._untrue = 0
        self._queue: SimpleQueue[tuple[Digest, ActionResult] | None] = SimpleQueue()
        self._sender: threading.Thread | None = None

    def bring(self, action: Digest) -> ActionResult | None:
        """The result of *action* if the server has it whole; it and all its blobs are then in *local*.

        Raises:
            StorageFailure: *local* cannot take it.
        """
        brought = None
        with self._asking() as store:
            result = store.get_result(action) if self._is_usable else None
            if result is not None:
                for_each(self._local.missing(result.digests()), self._bring_blob)
                self._local.put_result(action, result)
                brought = result
        return brought

    def send(self, action: Digest, result: ActionResult) -> None:
        """The server is given *result* and its blobs, in the background; :meth:`close` waits for that."""
        with self._guard:
            if self._sender is None:
                self._sender = threading.Thread(target=self._send_all, name="hpm-results", daemon=True)
                self._sender.start()
        self._queue.put((action, result))

    def close(self) -> None:
        """The server was given everything that it would take, and no connection is open."""
        with self._guard:
            sender, self._sender = self._sender, None
        try:
            if sender is not None:
                self._queue.put(None)
                sender.join()
        finally:
            self._store.close()

    # ------------------------------------------------------------ inside

    def _bring_blob(self, digest: Digest) -> None:
        self._local.receive(digest, lambda file: self._store.get_into(digest, file))

    def _send_all(self) -> None:
        while (item := self._queue.get()) is not None:
            with self._asking() as store:
                if self._is_usable:
                    self._send(store, *item)

    def _send(self, store: ResultStore, action: Digest, result: ActionResult) -> None:
        """Blobs first, so that whoever finds the result finds them."""
        blobs = {digest: self._local.layout.blob(digest.hash) for digest in result.digests()}
        absent = store.missing(blobs)
        store.put({digest: path for digest, path in blobs.items() if digest in absent})
        store.put_result(action, result)

    @contextmanager
    def _asking(self) -> Iterator[ResultStore]:
        """Inside, what goes wrong with the server is told once, and ends only what is inside."""
        try:
            yield self._store
        except Unusable as problem:
            self._is_usable = False
            self._tell(f"{problem}. Scripts run without it")
        except Untrue as problem:
            with self._guard:
                self._untrue += 1
                self._is_usable = self._is_usable and self._untrue < _MOST_UNTRUE
            self._tell(f"{problem}. It is left aside")
        except BlobMissing as problem:
            self._tell(f"a result is there, but {problem}. It is left aside")
        except ContentChanged:
            pass  # it was collected, or damaged, since it was stored; others do without it

    def _tell(self, what: str) -> None:
        with self._guard:
            is_first, self._is_told = not self._is_told, True
        if is_first:
            self._warn(f"Remote cache {self._place}: {what}.")
