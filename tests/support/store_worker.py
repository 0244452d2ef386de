"""store_worker: a process that does nothing but use a store, to be run beside others and killed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from hpmtasks.model.package import PackageName
from hpmtasks.store.entries import Staging
from hpmtasks.store.store import Store

NAME = PackageName.parse("Acme/lib")
COMMIT = "c" * 40


def writing(data: bytes) -> Callable[[BinaryIO], None]:
    """A download that brings *data*."""

    def write(file: BinaryIO) -> None:
        file.write(data)

    return write


def work(store: Store, archive: bytes, project: Path) -> None:
    """One installation: receive, unpack, lay out."""
    store.add_archive(NAME, COMMIT, writing(archive))
    store.lay_out(store.unpack(NAME, COMMIT), project / "acme" / "lib")


def work_in_halves(store: Store, archive: bytes, project: Path) -> None:
    """The same at one stretch, and laid out in two halves."""
    taken = store.take_in(NAME, COMMIT, writing(archive))
    target = project / "acme" / "lib"
    store.place(store.prepare(taken.tree, target, staging=project), target)


def work_at_once(store: Store, archive: bytes, project: Path) -> None:
    """The same with all but the name in one go, as workers do it."""
    taken = store.take_in(NAME, COMMIT, writing(archive), lay_out=Staging(project))
    target = project / "acme" / "lib"
    store.place(taken.prepared or store.prepare(taken.tree, target, staging=project), target)


#: Every way from an archive to an installed package.
WAYS = (work, work_in_halves, work_at_once)


if __name__ == "__main__":
    archive_file, cache, project, rounds = sys.argv[1:]
    for number in range(int(rounds)):
        does = WAYS[number % len(WAYS)]
        does(Store(Path(cache)), Path(archive_file).read_bytes(), Path(project))
