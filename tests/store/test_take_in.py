"""An archive and its tree, taken in at one stretch: as in two steps, and nothing at all if it fails."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from hpmtasks.errors import StorageFailure, UnsafeArchive
from hpmtasks.files.removal import remove_tree
from hpmtasks.store import received
from hpmtasks.store.entries import DamagedEntry, LinkMethod
from hpmtasks.store.layout import tree_index
from hpmtasks.store.store import Store
from hpmtasks.store.tree import digest_folder
from tests.support.archives import END, TOP, File, Link, member, pack_gzip
from tests.support.killing import killed_before
from tests.support.store_worker import COMMIT, NAME, work_at_once, work_in_halves, writing

ENTRIES: dict[str, bytes | File | Link] = {
    "package.json": b'{"name": "acme/lib", "version": "1.0.0"}',
    "src/index.hml": b"export let one = 1;\n",
    "src/deep/er/other.hml": os.urandom(9000),
    "bin/run": File(b"#!/bin/sh\n", executable=True),
}
ARCHIVE = pack_gzip(ENTRIES, comment=COMMIT)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


@pytest.fixture(params=["in memory", "in a file"])
def kept(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is received is kept in memory, or it is too large for that."""
    if request.param == "in a file":
        monkeypatch.setattr(received, "_MOST_IN_MEMORY", 1000)


def files_of(store: Store) -> dict[str, bytes]:
    """Every file of the store: path and content, without what tells when and where it was written."""
    found = {
        path.relative_to(store.layout.cache).as_posix(): path.read_bytes()
        for path in store.layout.root.rglob("*")
        if path.is_file()
    }
    for path, content in found.items():
        if path.endswith(".json") and "/files/" not in path:
            document: dict[str, Any] = json.loads(content)
            document.pop("time", None)
            document["files"] = [row[:4] for row in document.get("files", [])]
            found[path] = json.dumps(document).encode()
    return found


@pytest.mark.usefixtures("kept")
def test_the_store_is_as_after_two_steps(store: Store, tmp_path: Path) -> None:
    """File for file and record for record; and both halves of the answer are what the store finds."""
    taken = store.take_in(NAME, COMMIT, writing(ARCHIVE), version="1.0.0")
    other = Store(tmp_path / "other")
    other.add_archive(NAME, COMMIT, writing(ARCHIVE), version="1.0.0")
    other.unpack(NAME, COMMIT)
    assert files_of(store) == files_of(other)
    assert taken.archive == store.find_archive(NAME, COMMIT)
    assert taken.tree == store.find_tree_of(NAME, COMMIT)
    assert taken.manifest == ENTRIES["package.json"]
    assert taken.archive.path.read_bytes() == ARCHIVE
    assert digest_folder(taken.tree.path) == taken.tree.digest


def test_what_is_known_already_may_be_taken_in_again(store: Store) -> None:
    """Equal bytes change nothing; the tree is the one that was there."""
    first = store.take_in(NAME, COMMIT, writing(ARCHIVE), version="1.0.0")
    assert store.take_in(NAME, COMMIT, writing(ARCHIVE), version="1.0.0") == first
    assert leftovers(store.layout.cache) == []


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><title>Sign in</title>" + bytes(5000), "page instead"),
        (b"PK\x03\x04" + bytes(5000), "not a tar"),
        (ARCHIVE[:-10], "cut short"),
        (member(f"{TOP}/a") + member(f"{TOP}/A") + END, "would be the same file"),
    ],
    ids=["nothing", "a page", "another format", "cut", "one file on some disks"],
)
def test_what_cannot_be_used_leaves_nothing(store: Store, archive: bytes, reason: str) -> None:
    """No archive, no tree, no record, nothing under a temporary name."""
    with pytest.raises(UnsafeArchive, match=reason):
        store.take_in(NAME, COMMIT, writing(archive), version="1.0.0")
    assert store.size() == 0


@pytest.mark.usefixtures("kept")
def test_a_writer_may_start_over(store: Store) -> None:
    """Only what was written in the end counts, however much there was before."""

    def write(file: BinaryIO) -> None:
        start = file.tell()
        file.write(b"half of something else" * 1000)
        file.seek(start)
        file.truncate()
        file.writelines(ARCHIVE[begin : begin + 100] for begin in range(0, len(ARCHIVE), 100))

    assert store.take_in(NAME, COMMIT, write).archive.path.read_bytes() == ARCHIVE


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("failure", [ConnectionResetError(), OSError(errno.ENOSPC, "full")])
def test_a_download_that_fails_leaves_nothing(store: Store, failure: OSError) -> None:
    """The writer's error comes through; one of the disk under it becomes a sentence about the cache."""

    def write(file: BinaryIO) -> None:
        file.write(ARCHIVE)
        raise failure

    with pytest.raises((ConnectionResetError, StorageFailure)) as caught:
        store.take_in(NAME, COMMIT, write)
    assert isinstance(caught.value, StorageFailure) == (failure.errno == errno.ENOSPC)
    assert store.size() == 0


def test_nobody_waits_for_the_network_of_another(store: Store) -> None:
    """While the archive is on its way the store's mutex is free."""
    store.take_in(NAME, COMMIT, writing(ARCHIVE))

    def write(file: BinaryIO) -> None:
        with store.layout.mutex.open("rb") as mutex:
            fcntl.flock(mutex, fcntl.LOCK_EX | fcntl.LOCK_NB)
        file.write(ARCHIVE)

    store.take_in(NAME, COMMIT, write)


@pytest.mark.parametrize("place", ["archive", "tree", "index"])
def test_what_was_damaged_is_healed(store: Store, tmp_path: Path, place: str) -> None:
    """A folder in the place of the archive, or a tree that is none, gives way to what was received."""
    taken = store.take_in(NAME, COMMIT, writing(ARCHIVE))
    index = tree_index(store.layout.tree(taken.tree.digest))
    path = {"archive": taken.archive.path, "tree": taken.tree.path / "src/index.hml", "index": index}[place]
    remove_tree(path)
    if place == "archive":
        path.mkdir()
    again = store.take_in(NAME, COMMIT, writing(ARCHIVE))
    assert store.find_archive(NAME, COMMIT) == again.archive
    store.lay_out(again.tree, tmp_path / "acme" / "lib")
    assert digest_folder(tmp_path / "acme" / "lib") == again.tree.digest


# ---------------------------------------------------------------- in two halves


@pytest.mark.parametrize("how", LinkMethod)
def test_what_is_prepared_has_no_name_until_it_is_placed(
    store: Store, tmp_path: Path, how: LinkMethod
) -> None:
    """All files stand in the folder for temporary things; not even the folder above the target is there."""
    taken = store.take_in(NAME, COMMIT, writing(ARCHIVE))
    target, staging = tmp_path / "project" / "hem_modules" / "acme" / "lib", tmp_path / "project" / ".hpm"
    prepared = store.prepare(taken.tree, target, staging=staging, how=how)
    assert (prepared.tree, prepared.method) == (taken.tree.digest, _possible(how, prepared.method))
    assert leftovers(staging) == [prepared.path]
    assert digest_folder(prepared.path) == taken.tree.digest
    assert not target.parent.exists()
    store.place(prepared, target)
    assert digest_folder(target) == taken.tree.digest
    assert list(staging.iterdir()) == []


def _possible(wanted: LinkMethod, used: LinkMethod) -> LinkMethod:
    """*wanted*, or the copies that stand in for it on a disk without reflinks."""
    return used if wanted is LinkMethod.REFLINK and used is LinkMethod.COPY else wanted


def test_what_cannot_be_placed_is_gone_and_the_old_stays(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the last rename fails, the package that stood there is back, and nothing else is left."""
    taken = store.take_in(NAME, COMMIT, writing(ARCHIVE))
    target = tmp_path / "acme" / "lib"
    store.lay_out(taken.tree, target)
    prepared = store.prepare(taken.tree, target)
    rename = os.rename

    def refuse(source: Any, made: Any, **options: Any) -> None:
        if Path(source) == prepared.path:
            raise OSError(errno.EIO, "no more")
        rename(source, made, **options)

    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(StorageFailure, match=r"Cannot replace .*lib"):
        store.place(prepared, target)
    assert digest_folder(target) == taken.tree.digest
    assert leftovers(tmp_path) == []


def test_a_tree_that_went_away_is_told_as_missing(store: Store, tmp_path: Path) -> None:
    """Who prepares what somebody has removed from the store is told so, and nothing is left of it."""
    taken = store.take_in(NAME, COMMIT, writing(ARCHIVE))
    shutil.rmtree(store.layout.tree(taken.tree.digest))
    with pytest.raises(DamagedEntry) as caught:
        store.prepare(taken.tree, tmp_path / "acme" / "lib")
    assert caught.value.is_missing
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("step", ["rename", "link", "mkdir", "write", "open"])
@pytest.mark.parametrize("does", [work_in_halves, work_at_once])
def test_cut_at_any_step_it_is_completed_by_the_next(
    tmp_path: Path, step: str, does: Callable[[Store, bytes, Path], None]
) -> None:
    """Ended before the n-th call of a kind: the store and the package are whole or absent, a rerun heals."""
    point, finished = 0, False
    while not finished:
        point += 1
        folder = tmp_path / f"{step}{point}"
        with killed_before(point, step):
            does(Store(folder / "cache"), ARCHIVE, folder)
            finished = True
        package = folder / "acme" / "lib"
        store = Store(folder / "cache")
        assert store.verify() == []
        assert (
            not package.exists()
            or digest_folder(package) == store.take_in(NAME, COMMIT, writing(ARCHIVE)).tree.digest
        )
        does(store, ARCHIVE, folder)
        assert leftovers(folder) == []
    assert point > 2


def leftovers(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.startswith(".tmp-")]
