"""result_store: what every store of results can do, whether it is a folder, a server, or both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO, Protocol

from hpmtasks.store.results.digest import Digest
from hpmtasks.store.results.result import ActionResult

#: Where contents come from: themselves, or a file.
Source = bytes | Path


class BlobMissing(Exception):
    """A store does not have a blob, or no longer: it was collected, or damaged and therefore removed."""

    def __init__(self, digest: Digest) -> None:
        super().__init__(f"the blob {digest} is not there")
        self.digest = digest


class ContentChanged(Exception):
    """A file that was to become a blob no longer holds what its digest says."""

    def __init__(self, source: Path | None) -> None:
        super().__init__(f"{source or 'a blob'} changed while it was stored")
        self.source = source


class Unusable(Exception):
    """A store is of no use for the rest of the run; the text is a clause that says why."""


class Untrue(Exception):
    """A store gave something else than what was asked for; the text is a clause that says what.

    What else it has may be good.
    """


class ResultStore(Protocol):
    """Results by the digest of their action, and blobs by their own. Safe to share between threads.

    A store that is elsewhere may raise :class:`Unusable` from any method.
    """

    def get_result(self, action: Digest) -> ActionResult | None:
        """The result of *action*; ``None`` if there is none, or only that of a failure.

        Its blobs need not be there: :meth:`missing` tells.

        Raises:
            Untrue: There is something else under that name.
        """
        ...

    def put_result(self, action: Digest, result: ActionResult) -> None:
        """*result*, whose blobs are there already, is the result of *action* from now on."""
        ...

    def missing(self, digests: Iterable[Digest]) -> set[Digest]:
        """Those of *digests* that are not there."""
        ...

    def put(self, blobs: Mapping[Digest, Source]) -> None:
        """*blobs* are there.

        Raises:
            ContentChanged: A source is not what its digest says; others may be there.
        """
        ...

    def get(self, digest: Digest) -> bytes:
        """The blob *digest*; it has been hashed again.

        Raises:
            BlobMissing: It is not there.
            Untrue: Something else is.
        """
        ...

    def get_into(self, digest: Digest, file: BinaryIO) -> None:
        """*file* (seekable, readable) holds the blob *digest* from where it stood; it has been hashed again.

        If anything is raised, nothing was added to *file*.

        Raises:
            BlobMissing: It is not there.
            Untrue: Something else is.
        """
        ...

    def close(self) -> None:
        """What was put is where it belongs, and nothing is open."""
        ...
