"""undo: a file that is written before it is known whether all goes well."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hpmtasks.files.atomic import write_atomically


@contextmanager
def put_back_on_failure(path: Path) -> Iterator[None]:
    """If what is inside raises, be it by Ctrl-C, *path* holds again what it held before, or is absent."""
    try:
        before = path.read_bytes()
    except FileNotFoundError:
        before = None
    try:
        yield
    except BaseException:
        if before is None:
            path.unlink(missing_ok=True)
        else:
            write_atomically(path, before, durable=True)
        raise
