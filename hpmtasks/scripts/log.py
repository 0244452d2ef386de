"""log: what a task printed: kept while it runs, stored with its result, and printed again byte for byte.

Each stream is kept as a whole, beside the order in which their pieces came. What is long grows in
a file, so that a task may print more than fits into memory.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, Self, cast

from hpmtasks.files.atomic import write_all
from hpmtasks.files.failures import storage_failures
from hpmtasks.files.leftovers import temporary_beside
from hpmtasks.scripts.events import Stream
from hpmtasks.scripts.process import Sink
from hpmtasks.store.results.digest import Digest
from hpmtasks.store.results.result import ActionResult
from hpmtasks.store.results.result_store import ResultStore, Source

#: Bytes of each stream that are kept in memory.
MOST_MEMORY = 1 << 20
#: Changes from one stream to the other that are remembered. What comes later loses its place among the
#: other stream's, never its place in its own.
MOST_RUNS = 100_000
_CHUNK = 1 << 16
_STREAMS: tuple[Stream, Stream] = ("stdout", "stderr")


class Log:
    """What one run of a task printed. A context: afterwards no file of it is left.

    Args:
        folder: Where files for long streams may be made; it need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self._kept = {stream: _Kept(folder) for stream in _STREAMS}
        self._runs: list[int] = []

    def write(self, stream: Stream, data: bytes) -> None:
        """*data* was printed to *stream*; told by one thread at a time.

        Raises:
            StorageFailure: The disk does not take it.
        """
        if not data:
            return
        self._kept[stream].write(data)
        runs, size = self._runs, len(data)
        is_last = (len(runs) - 1) % 2 == _STREAMS.index(stream)
        if is_last and runs:
            runs[-1] += size
        elif len(runs) < MOST_RUNS:
            runs.extend([size] if runs or stream == "stdout" else [0, size])
        else:
            runs[-2] += size

    @property
    def order(self) -> tuple[int, ...]:
        """See :attr:`ActionResult.order`."""
        return tuple(self._runs) if all(kept.size for kept in self._kept.values()) else ()

    def digest(self, stream: Stream) -> Digest:
        """Of what was printed to *stream*."""
        return self._kept[stream].digest

    def blobs(self) -> dict[Digest, Source]:
        """Both streams, for a store; good until the log is left."""
        return {kept.digest: kept.source for kept in self._kept.values()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for kept in self._kept.values():
            kept.close()


class _Kept:
    """One stream: in memory, and from :data:`MOST_MEMORY` on in a file."""

    def __init__(self, folder: Path) -> None:
        self.size = 0
        self._hash = hashlib.sha256()
        self._memory = bytearray()
        self._path = temporary_beside(folder / "any")
        self._file: BinaryIO | None = None

    @property
    def digest(self) -> Digest:
        return Digest(self._hash.hexdigest(), self.size)

    @property
    def source(self) -> Source:
        return bytes(self._memory) if self._file is None else self._path

    def write(self, data: bytes) -> None:
        self._hash.update(data)
        self.size += len(data)
        if self._file is None:
            self._memory += data
            if len(self._memory) > MOST_MEMORY:
                self._move_to_file()
        else:
            with storage_failures("write", self._path.parent):
                write_all(self._file.fileno(), data)

    def _move_to_file(self) -> None:
        with storage_failures("write", self._path.parent):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("xb", buffering=0)
            write_all(self._file.fileno(), self._memory)
        self._memory.clear()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            with suppress(FileNotFoundError):
                os.unlink(self._path)


def replay(result: ActionResult, results: ResultStore, sink: Sink) -> None:
    """*sink* is told once more what the run printed whose *result* this is, in the order in which it came.

    Raises:
        BlobMissing: It is not there any more; nothing was told.
    """
    with ExitStack() as opened:
        streams = []
        for digest in (result.stdout, result.stderr):
            spool = opened.enter_context(SpooledTemporaryFile(MOST_MEMORY))
            file = cast("BinaryIO", spool)  # it has everything that one has
            results.get_into(digest, file)
            file.seek(0)
            streams.append(file)
        for number, size in enumerate(result.order or (result.stdout.size, result.stderr.size)):
            for data in _read(streams[number % 2], size):
                sink(_STREAMS[number % 2], data)


def _read(file: BinaryIO, size: int) -> Iterator[bytes]:
    """The next *size* bytes of *file*, in pieces."""
    while size and (data := file.read(min(size, _CHUNK))):
        size -= len(data)
        yield data
