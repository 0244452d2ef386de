"""folder: results in the cache folder of this machine, shared by all its projects.

As everywhere in the store: a name is made of the content, things grow under a temporary name
and are renamed, and who loses a race against equal content has succeeded. Nothing is synced,
because everything is hashed again when it is read: what is damaged or torn counts as absent and
is removed.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from hpmtasks.files.atomic import write_all
from hpmtasks.files.failures import storage_failures
from hpmtasks.files.leftovers import sweep, temporary_beside
from hpmtasks.files.shared_mutex import shared
from hpmtasks.store.layout import Layout
from hpmtasks.store.results.digest import EMPTY, Digest
from hpmtasks.store.results.entry import seal, unseal
from hpmtasks.store.results.result import ActionResult
from hpmtasks.store.results.result_store import BlobMissing, ContentChanged, Source
from hpmtasks.store.results.wire import Malformed

_CHUNK = 1 << 20
#: The time of a result's file tells when it was last of use, this many seconds more or less.
USE_GRAIN = 3600
_READ_ONLY, _ORDINARY = 0o444, 0o644
_NO_LINK = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK


class FolderResults:
    """The results in one cache folder. Making one touches nothing on the disk.

    Methods that put raise :class:`~hpmtasks.errors.StorageFailure` when the file system refuses;
    methods that get then find nothing.
    """

    def __init__(self, cache_dir: Path) -> None:
        self.layout = Layout(cache_dir)
        self._is_swept = False

    def get_result(self, action: Digest) -> ActionResult | None:
        """See :meth:`ResultStore.get_result`; here, one of which a blob is not there is ``None`` too."""
        path = self.layout.result(action.hash)
        try:
            data, used = _read(path)
            result = unseal(action, data)
        except OSError:
            return None
        except Malformed:
            _try_to_remove(path)
            return None
        if result.exit_code or self.missing(result.digests()):
            return None
        if abs(time.time() - used) > USE_GRAIN:
            with suppress(OSError):
                os.utime(path)
        return result

    def put_result(self, action: Digest, result: ActionResult) -> None:
        """See :meth:`ResultStore.put_result`."""
        path = self.layout.result(action.hash)
        with storage_failures("write", path), shared(self.layout.mutex), self._growing() as (file, temporary):
            write_all(file, seal(action, result))
            _install(file, temporary, path, _ORDINARY)

    def missing(self, digests: Iterable[Digest]) -> set[Digest]:
        """See :meth:`ResultStore.missing`. Only sizes are looked at; contents when they are got."""
        return {digest for digest in set(digests) if not self._seems_there(digest)}

    def put(self, blobs: Mapping[Digest, Source]) -> None:
        """See :meth:`ResultStore.put`."""
        absent = self.missing(blobs)
        if not absent:
            return
        with shared(self.layout.mutex):
            for digest in absent:
                self._put(digest, blobs[digest])

    def receive(self, digest: Digest, fill: Callable[[BinaryIO], None]) -> None:
        """The blob *digest* is there; *fill* writes it, and it is hashed once more.

        Raises:
            ContentChanged: *fill* wrote something else.
        """
        path = self.layout.blob(digest.hash)
        with storage_failures("write", path), self._growing() as (file, temporary):
            with os.fdopen(file, "w+b", closefd=False) as open_file:
                fill(open_file)
            os.lseek(file, 0, os.SEEK_SET)
            if _digest_of(_chunks(file)) != digest:
                raise ContentChanged(None)
            with shared(self.layout.mutex):
                _install(file, temporary, path, _READ_ONLY)

    def get(self, digest: Digest) -> bytes:
        """See :meth:`ResultStore.get`."""
        memory = BytesIO()
        self.get_into(digest, memory)
        return memory.getvalue()

    def get_into(self, digest: Digest, file: BinaryIO) -> None:
        """See :meth:`ResultStore.get_into`."""
        if digest == EMPTY:
            return
        path = self.layout.blob(digest.hash)
        start = file.tell()
        try:
            descriptor = os.open(path, _NO_LINK)
        except OSError:
            raise BlobMissing(digest) from None
        try:
            actual = _digest_of(_passed_on(_chunks(descriptor), file.write))
        finally:
            os.close(descriptor)
        if actual != digest:
            file.seek(start)
            file.truncate()
            _try_to_remove(path)
            raise BlobMissing(digest)

    def close(self) -> None:
        """Nothing is open."""

    # ------------------------------------------------------------ inside

    def _seems_there(self, digest: Digest) -> bool:
        if digest == EMPTY:
            return True
        try:
            found = os.lstat(self.layout.blob(digest.hash))
        except OSError:
            return False
        return stat.S_ISREG(found.st_mode) and found.st_size == digest.size

    def _put(self, digest: Digest, source: Source) -> None:
        path = self.layout.blob(digest.hash)
        with storage_failures("write", path), self._growing() as (file, temporary):
            if isinstance(source, bytes):
                actual = Digest.of(source)
                write_all(file, source)
            else:
                actual = _copy(source, file)
            if actual != digest:
                raise ContentChanged(source if isinstance(source, Path) else None)
            _install(file, temporary, path, _READ_ONLY)

    @contextmanager
    def _growing(self) -> Iterator[tuple[int, Path]]:
        """A new file among the store's temporary things, and where; gone afterwards unless renamed."""
        folder = self.layout.temporary
        if not self._is_swept:
            self._is_swept = True
            sweep(folder)
        temporary = temporary_beside(folder / "any")
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        try:
            descriptor = os.open(temporary, flags, _ORDINARY)
        except FileNotFoundError:
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(temporary, flags, _ORDINARY)
        try:
            yield descriptor, temporary
        finally:
            os.close(descriptor)
            with suppress(FileNotFoundError):
                os.unlink(temporary)


def _install(file: int, temporary: Path, path: Path, mode: int) -> None:
    """What grew in *temporary*, open as *file*, is at *path*; over an equal one, or a damaged one."""
    os.fchmod(file, mode)
    try:
        os.rename(temporary, path)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.rename(temporary, path)


def _read(path: Path) -> tuple[bytes, float]:
    """What the file holds, and its time."""
    descriptor = os.open(path, _NO_LINK)
    try:
        return b"".join(_chunks(descriptor)), os.fstat(descriptor).st_mtime
    finally:
        os.close(descriptor)


def _copy(source: Path, file: int) -> Digest:
    """*file* holds what *source* does, whose digest is the result."""
    with storage_failures("read", source):
        descriptor = os.open(source, _NO_LINK)
    try:
        return _digest_of(_passed_on(_chunks(descriptor), partial(write_all, file)))
    finally:
        os.close(descriptor)


def _chunks(descriptor: int) -> Iterator[bytes]:
    while chunk := os.read(descriptor, _CHUNK):
        yield chunk


def _passed_on(chunks: Iterable[bytes], write: Callable[[bytes], object]) -> Iterator[bytes]:
    for chunk in chunks:
        write(chunk)
        yield chunk


def _digest_of(chunks: Iterable[bytes]) -> Digest:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
    return Digest(digest.hexdigest(), size)


def _try_to_remove(path: Path) -> None:
    """Nothing is at *path*, unless the store may only be read."""
    with suppress(OSError):
        os.unlink(path)
