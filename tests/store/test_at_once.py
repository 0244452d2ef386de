"""Files laid out as soon as they are unpacked: the store's own, as promised, or else none."""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hpmtasks.errors import StorageFailure, UnsafeArchive
from hpmtasks.files.removal import remove_tree
from hpmtasks.store.entries import Intake, LinkMethod, Staging
from hpmtasks.store.store import Store
from hpmtasks.store.tree import digest_folder
from tests.support.archives import END, TOP, File, member, pack_gzip
from tests.support.store_worker import COMMIT, NAME, writing

ARCHIVE = pack_gzip(
    {
        "package.json": b'{"name": "acme/lib"}',
        "src/index.hml": b"export let one = 1;\n",
        "src/deep/er/other.hml": b"2",
        "src-old/a.hml": b"3",
        "bin/run": File(b"#!/bin/sh\n", executable=True),
    }
)
OTHER = "sha256-" + "0" * 64
FILES = 5


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


@pytest.fixture
def staging(tmp_path: Path) -> Path:
    """The folder for temporary names; nobody has made it yet."""
    return tmp_path / "project" / ".hpm"


def take_in(store: Store, staging: Staging, archive: bytes = ARCHIVE, commit: str = COMMIT) -> Intake:
    return store.take_in(NAME, commit, writing(archive), lay_out=staging)


def left_in(folder: Path) -> list[str]:
    return sorted(os.listdir(folder)) if folder.exists() else []


def inodes(folder: Path) -> dict[str, int]:
    """Every file below *folder*."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.stat().st_ino for path in files}


@contextmanager
def calls(name: str, before: Callable[[int, Any], None]) -> Iterator[None]:
    """Within, *before* is told the number of each call of ``os.<name>``, from 1, and its first argument."""
    real: Callable[..., object] = getattr(os, name)
    numbers = itertools.count(1)

    def call(first: Any, *others: object, **options: object) -> object:
        before(next(numbers), first)
        return real(first, *others, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, name, call)
        yield


def test_the_files_are_those_of_the_store(store: Store, staging: Path) -> None:
    """All stand under one temporary name, each the file of the tree itself, and are placed by a rename."""
    taken = take_in(store, Staging(staging))
    assert taken.prepared is not None
    assert left_in(staging) == [taken.prepared.path.name]
    assert (taken.prepared.tree, taken.prepared.method) == (taken.tree.digest, LinkMethod.HARD_LINK)
    assert inodes(taken.prepared.path) == inodes(taken.tree.path)
    assert taken.tree == store.find_tree_of(NAME, COMMIT)
    target = staging.parent / "hem_modules" / "acme" / "lib"
    store.place(taken.prepared, target)
    assert digest_folder(target) == taken.tree.digest
    assert left_in(staging) == []


def test_the_store_is_what_it_is_without(store: Store, staging: Path, tmp_path: Path) -> None:
    """Path for path, whether or not somebody wants the files, too."""
    take_in(store, Staging(staging))
    other = Store(tmp_path / "other")
    other.take_in(NAME, COMMIT, writing(ARCHIVE))
    assert inodes(store.layout.cache).keys() == inodes(other.layout.cache).keys()
    assert store.verify() == []


@pytest.mark.parametrize(
    ("integrity", "tree", "is_promised"),
    [
        ("right", "right", True),
        ("right", None, True),
        (None, "right", True),
        ("wrong", "right", True),  # a forge may pack the same files anew
        (None, "wrong", False),
        ("right", "wrong", False),
        ("wrong", None, False),
    ],
)
def test_only_what_was_promised_is_laid_out(
    store: Store, staging: Path, integrity: str | None, tree: str | None, is_promised: bool
) -> None:
    """The tree decides, or else the archive; what is something else is in the store, and nowhere else."""
    known = Store(staging.parent / "known").take_in(NAME, COMMIT, writing(ARCHIVE))
    archive = {"right": f"sha256-{known.archive.sha256}", "wrong": OTHER, None: None}[integrity]
    promised = {"right": known.tree.digest, "wrong": OTHER, None: None}[tree]
    taken = take_in(store, Staging(staging, archive, promised))
    assert (taken.prepared is not None) == is_promised
    assert len(left_in(staging)) == is_promised
    assert store.find_tree_of(NAME, COMMIT) == taken.tree


@pytest.mark.parametrize("number", range(1, FILES + 1))
@pytest.mark.parametrize("refusal", [errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOSPC])
def test_where_links_are_refused_the_other_way_is_left(
    store: Store, staging: Path, refusal: int, number: int
) -> None:
    """Nothing stays of what was begun, the store is whole, and it is not tried again."""

    def refuse(call: int, _: Any) -> None:
        if call == number:
            raise OSError(refusal, "not here")

    with calls("link", refuse):
        taken = take_in(store, Staging(staging))
    assert taken.prepared is None
    assert left_in(staging) == []
    assert store.find_tree_of(NAME, COMMIT) == taken.tree
    with calls("link", lambda *_: pytest.fail("tried again")):
        again = take_in(store, Staging(staging), pack_gzip({"a": b"1"}), "d" * 40)
    assert again.prepared is None
    prepared = store.prepare(again.tree, staging.parent / "acme" / "lib", staging=staging)
    assert digest_folder(prepared.path) == again.tree.digest


def test_what_cannot_be_written_in_the_project_is_no_failure_of_the_store(
    store: Store, staging: Path
) -> None:
    """A file stands where the folder for temporary names should be; who lays out will be told."""
    staging.parent.mkdir()
    staging.write_text("")
    taken = take_in(store, Staging(staging))
    assert taken.prepared is None
    with pytest.raises(StorageFailure):
        store.prepare(taken.tree, staging.parent / "acme" / "lib", staging=staging)


def test_an_equal_tree_that_was_there_first_is_not_taken_for_ones_own(store: Store, staging: Path) -> None:
    """Another package with the same files has put them into the store: nothing of the second is laid out."""
    first = take_in(store, Staging(staging))
    second = take_in(store, Staging(staging), commit="d" * 40)
    assert first.prepared is not None
    assert second.tree == first.tree
    assert second.prepared is None
    assert left_in(staging) == [first.prepared.path.name]


def test_who_loses_a_race_lays_out_what_won(store: Store, staging: Path, tmp_path: Path) -> None:
    """Another process names the same tree just before this one would, when all is linked already."""
    faster: list[Intake] = []

    def overtake(number: int, _: Any) -> None:
        if number == 1:
            assert len(left_in(staging)) == 1
            faster.append(Store(tmp_path / "cache").take_in(NAME, COMMIT, writing(ARCHIVE)))

    with calls("rename", overtake):
        taken = take_in(store, Staging(staging))
    assert taken.tree == faster[0].tree
    assert taken.prepared is None
    assert left_in(staging) == []
    prepared = store.prepare(taken.tree, staging.parent / "acme" / "lib", staging=staging)
    assert inodes(prepared.path) == inodes(taken.tree.path)


def test_a_damaged_tree_gives_way_to_what_was_laid_out(store: Store, staging: Path) -> None:
    """What is laid out is the store's own all the same."""
    damaged = take_in(store, Staging(staging)).tree
    remove_tree(damaged.path / "src")
    taken = take_in(store, Staging(staging))
    assert taken.prepared is not None
    assert inodes(taken.prepared.path) == inodes(taken.tree.path)
    assert len(inodes(taken.tree.path)) == FILES


@pytest.mark.parametrize(
    "archive",
    [b"", ARCHIVE[:-10], member(f"{TOP}/a") + member(f"{TOP}/A") + END, member(f"{TOP}/../a") + END],
    ids=["nothing", "cut", "one file on some disks", "leads out"],
)
def test_of_what_cannot_be_used_nothing_is_laid_out(store: Store, staging: Path, archive: bytes) -> None:
    """An archive is refused before the project is written to."""
    with pytest.raises(UnsafeArchive):
        take_in(store, Staging(staging), archive)
    assert not staging.exists()
    assert store.size() == 0


@pytest.mark.parametrize("number", [1, 3, 5])
def test_where_the_store_fails_nothing_is_laid_out(store: Store, staging: Path, number: int) -> None:
    """Tree, archive and record each get their name by a rename; if one fails, so does all."""

    def refuse(call: int, _: Any) -> None:
        if call == number:
            raise OSError(errno.EIO, "no more")

    with calls("rename", refuse), pytest.raises(StorageFailure):
        take_in(store, Staging(staging))
    assert left_in(staging) == []
    assert left_in(store.layout.temporary) == []
    assert store.find_archive(NAME, COMMIT) is None
