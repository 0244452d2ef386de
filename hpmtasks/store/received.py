"""received: the bytes of an archive as they come, in memory as long as they are few."""

from __future__ import annotations

import os
from contextlib import suppress
from io import BufferedIOBase, BufferedRandom, BytesIO
from pathlib import Path
from typing import BinaryIO

from hpmtasks.files.boot import boot
from hpmtasks.files.failures import storage_failures
from hpmtasks.store.identify import BEGINNING
from hpmtasks.store.layout import Layout
from hpmtasks.store.staging import move, new_name, put, within
from hpmtasks.store.tree import sha256_of

# Many may be on their way at a time; nearly every package has a tenth of that.
_MOST_IN_MEMORY = 1 << 20


class Received(BufferedIOBase):
    """A file to write an archive into, which may start over (``seek(0)``, ``truncate()``).

    It has no name in the store, but a temporary one if it is large. As a context: afterwards it is gone,
    unless it was kept.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._file: BytesIO | BufferedRandom = BytesIO()
        self._name = ""  # of a file; in memory there is none

    # ---- as a file

    def write(self, data: bytes | bytearray | memoryview, /) -> int:  # type: ignore[override]
        """As of any file."""
        if isinstance(self._file, BytesIO) and self._file.tell() + len(data) > _MOST_IN_MEMORY:
            self._spool(self._file)
        return self._file.write(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """As of any file."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """As of any file."""
        return self._file.tell()

    def truncate(self, size: int | None = None, /) -> int:
        """As of any file."""
        return self._file.truncate(size)

    def seekable(self) -> bool:
        """As of any file."""
        return True

    def writable(self) -> bool:
        """As of any file."""
        return True

    def close(self) -> None:
        """Nothing is left of it, unless it was kept."""
        self._file.close()
        if self._name:
            with suppress(FileNotFoundError):
                os.unlink(self._name)
        super().close()

    # ---- as what was received

    def opened(self) -> BinaryIO:
        """All of it, to be read from the start."""
        self._file.seek(0)
        return self._file

    def beginning(self) -> bytes:
        """Enough of it to tell what it is."""
        return self.opened().read(BEGINNING)

    def digest(self) -> str:
        """Its sha256, 64 hex digits.

        Raises:
            OSError: It cannot be read.
        """
        if isinstance(self._file, BytesIO):
            import hashlib

            with self._file.getbuffer() as whole:
                return hashlib.sha256(whole).hexdigest()
        self._file.flush()
        return sha256_of(self._name)

    def size(self) -> int:
        """How many bytes it has."""
        return self._file.seek(0, os.SEEK_END)

    def keep(self, path: Path) -> None:
        """It is the file *path* of the store, over what may have been there.

        Raises:
            OSError: The file system refuses.
        """
        if isinstance(self._file, BytesIO):
            with self._file.getbuffer() as whole:
                put(self._layout, path, whole)
            return
        self._file.flush()
        if not boot():
            os.fsync(self._file.fileno())
        move(self._name, path)

    def _spool(self, memory: BytesIO) -> None:
        """From here on it is a file, which holds what *memory* held."""
        name = new_name(self._layout)
        with storage_failures("write", self._layout.cache):
            self._file = within(self._layout.temporary, lambda: open(name, "x+b"))  # noqa: SIM115  until close
            self._name = name
            self._file.write(memory.getbuffer())
            self._file.seek(memory.tell())
