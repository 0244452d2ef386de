"""staging: what is going to be in the store grows under a temporary name there, and is then renamed."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from hpmtasks.files.atomic import sync_folder, write_new
from hpmtasks.files.boot import boot
from hpmtasks.files.leftovers import temporary_name
from hpmtasks.store.layout import Layout

T = TypeVar("T")


def new_name(layout: Layout) -> str:
    """A path for something that grows, in the store's own folder for such things."""
    return f"{layout.temporary}/{temporary_name()}"


def put(layout: Layout, path: Path, data: bytes | memoryview) -> None:
    """The file *path* of the store holds *data*; whoever reads it meanwhile sees the old content or the new.

    Raises:
        OSError: The file system refuses; the old content is still there.
    """
    temporary = new_name(layout)
    try:
        within(layout.temporary, lambda: write_new(temporary, data, durable=not boot()))
        move(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def move(finished: str | os.PathLike[str], path: Path) -> None:
    """What has grown as *finished* is at *path*, in a folder that is made if need be.

    Raises:
        OSError: The file system refuses.
    """
    within(path.parent, lambda: os.rename(finished, path))
    if not boot():
        sync_folder(path.parent)


def within(folder: Path, make: Callable[[], T]) -> T:
    """What *make* gives, which puts something into *folder*; that one is nearly always there, else made."""
    try:
        return make()
    except FileNotFoundError:
        _make_folder(folder)
        return make()


def _make_folder(folder: Path) -> None:
    """There is *folder*; nearly always it is only the last of its path that was missing."""
    try:
        os.mkdir(folder)
    except FileExistsError:  # somebody else was faster
        pass
    except FileNotFoundError:
        os.makedirs(folder, exist_ok=True)
