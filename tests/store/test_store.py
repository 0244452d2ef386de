"""The store: what was added is found, what is damaged is made again, and nothing outside it is touched."""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from hpmtasks.errors import Defect, StorageFailure, UnsafeArchive
from hpmtasks.model.package import PackageName
from hpmtasks.store import index, materialize as laying_out, trees
from hpmtasks.store.entries import CachedPackage, DamagedEntry, LinkMethod, TreeEntry
from hpmtasks.store.layout import tree_index
from hpmtasks.store.store import Store
from hpmtasks.store.tree import ForeignEntry, digest_folder, scan_folder
from tests.support.archives import File, Link, pack, pack_gzip
from tests.support.killing import killed_before
from tests.support.store_worker import COMMIT, NAME, work, writing

ENTRIES: dict[str, bytes | File | Link] = {
    "package.json": b'{"name": "acme/lib", "version": "1.0.0"}',
    "src/index.hml": b"export let one = 1;\n",
    "src/deep/er/other.hml": b"x" * 5000,
    "bin/run": File(b"#!/bin/sh\n", executable=True),
}
ARCHIVE = pack_gzip(ENTRIES, comment=COMMIT)

Damage = Callable[[Path], object]


def make_writable(path: Path) -> Path:
    path.chmod(0o644)
    return path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


@pytest.fixture
def tree(store: Store) -> TreeEntry:
    store.add_archive(NAME, COMMIT, writing(ARCHIVE), version="1.0.0")
    return store.unpack(NAME, COMMIT)


def assert_whole(folder: Path) -> None:
    """The folder holds exactly what was packed."""
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert found == set(ENTRIES)
    for path, entry in ENTRIES.items():
        assert isinstance(entry, bytes | File)
        assert (folder / path).read_bytes() == (entry.content if isinstance(entry, File) else entry)
        assert os.access(folder / path, os.X_OK) == isinstance(entry, File)


def leftovers(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.startswith(".tmp-")]


# ---------------------------------------------------------------- archives


def test_making_a_store_and_asking_it_touches_nothing(tmp_path: Path) -> None:
    """Questions to a store that was never used have an answer and leave no folder behind."""
    store = Store(tmp_path / "cache")
    assert store.find_archive(NAME, COMMIT) is None
    assert store.find_tree_of(NAME, COMMIT) is None
    assert store.find_tree(f"sha256-{'0' * 64}") is None
    assert store.legacy_archive(NAME, "1.0.0") is None
    assert (store.list_packages(), store.size(), store.clean()) == ([], 0, 0)
    assert list(tmp_path.iterdir()) == []


def test_an_added_archive_is_found_byte_for_byte(store: Store) -> None:
    """The archive is kept as received, under any spelling of its name, with the commit that it claims."""
    added = store.add_archive(NAME, COMMIT, writing(ARCHIVE), version="1.0.0")
    assert added.path.read_bytes() == ARCHIVE
    assert (added.size, added.comment, added.version) == (len(ARCHIVE), COMMIT, "1.0.0")
    assert store.find_archive(PackageName.parse("ACME/LIB"), COMMIT) == added
    assert store.find_archive(NAME, "d" * 40) is None
    assert leftovers(store.layout.cache) == []


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (b"<!DOCTYPE html><title>Sign in</title>", "page instead"),
        (b'\n{"message": "Not Found"}', "page instead"),
        (b"", "empty"),
        (gzip.compress(b"<html>", mtime=0), "cut short"),
        (b"\x1f\x8b" + b"garbage" * 100, "damaged"),
        (b"PK\x03\x04" + bytes(1000), "not a tar"),
    ],
)
def test_what_is_no_archive_is_not_added(store: Store, page: bytes, reason: str) -> None:
    """A page, nothing, or another format is refused at once and leaves no entry."""
    with pytest.raises(UnsafeArchive, match=reason):
        store.add_archive(NAME, COMMIT, writing(page), version="1.0.0")
    assert store.find_archive(NAME, COMMIT) is None
    assert store.size() == 0


def test_a_failed_download_adds_nothing(store: Store) -> None:
    """When the writer raises, its error comes through and no entry is left."""

    def write(file: BinaryIO) -> None:
        file.write(ARCHIVE)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        store.add_archive(NAME, COMMIT, write)
    assert store.find_archive(NAME, COMMIT) is None
    assert store.size() == 0


def test_a_disk_that_fills_up_during_a_download_is_told(store: Store) -> None:
    """The writer's own errors come through; one of the disk under it becomes a sentence about the cache."""

    def write(file: BinaryIO) -> None:
        file.write(ARCHIVE)
        raise OSError(errno.ENOSPC, "full")

    with pytest.raises(StorageFailure, match=r"Cannot write .*cache: the disk is full"):
        store.add_archive(NAME, COMMIT, write)
    assert store.size() == 0


def test_a_writer_may_start_over(store: Store) -> None:
    """Only what the file holds in the end counts: a download may be tried again."""

    def write(file: BinaryIO) -> None:
        file.write(b"half of something else" * 1000)
        file.seek(0)
        file.truncate()
        file.write(ARCHIVE)

    assert store.add_archive(NAME, COMMIT, write).path.read_bytes() == ARCHIVE


def test_an_archive_cut_on_its_way_does_not_stay(store: Store) -> None:
    """An unusable archive is reported once; then it is gone, so that the next run fetches it afresh."""
    store.add_archive(NAME, COMMIT, writing(ARCHIVE[:-10]))
    with pytest.raises(UnsafeArchive, match="cut short"):
        store.unpack(NAME, COMMIT)
    assert store.find_archive(NAME, COMMIT) is None
    store.add_archive(NAME, COMMIT, writing(ARCHIVE))
    assert_whole(store.unpack(NAME, COMMIT).path)


def test_the_first_hpms_archive_is_adopted_and_stays(store: Store) -> None:
    """An old cache file is found where the first hpm put it, and becomes an entry by copy."""
    old = store.layout.cache / "Acme" / "lib" / "1.0.0.tar.gz"
    old.parent.mkdir(parents=True)
    old.write_bytes(ARCHIVE)
    found = store.legacy_archive(NAME, "1.0.0")
    assert found == old
    assert store.adopt_archive(NAME, COMMIT, old, version="1.0.0").path.read_bytes() == ARCHIVE
    assert old.read_bytes() == ARCHIVE


def test_adopting_what_is_not_there_is_a_storage_failure(store: Store, tmp_path: Path) -> None:
    """A file that vanished is named, and nothing is added."""
    with pytest.raises(StorageFailure, match=r"Cannot read .*gone"):
        store.adopt_archive(NAME, COMMIT, tmp_path / "gone")
    assert store.find_archive(NAME, COMMIT) is None


@pytest.mark.parametrize("commit", ["../../x", "a/b", "", ".", "a\0", "x" * 200])
def test_a_commit_that_is_no_commit_never_becomes_a_path(store: Store, commit: str) -> None:
    """Whatever a lock says, it does not lead out of the store."""
    with pytest.raises(Defect):
        store.find_archive(NAME, commit)


@pytest.mark.parametrize(("owner", "repo"), [("..", ".."), ("a", "../x"), (".tmp-x", "a"), ("a/b", "c")])
def test_a_name_that_was_never_parsed_never_becomes_a_path(store: Store, owner: str, repo: str) -> None:
    """Names are checked again where they become paths."""
    with pytest.raises(Defect):
        store.find_archive(PackageName(owner, repo), COMMIT)


# ---------------------------------------------------------------- manifests


def test_the_manifest_is_read_with_and_without_a_tree(store: Store) -> None:
    """The same bytes come out of the archive before it is unpacked, and out of the tree afterwards."""
    store.add_archive(NAME, COMMIT, writing(ARCHIVE))
    assert store.read_manifest(NAME, COMMIT) == ENTRIES["package.json"]
    entry = store.find_archive(NAME, COMMIT)
    assert entry is not None
    store.unpack(NAME, COMMIT)
    entry.path.unlink()
    assert store.read_manifest(NAME, COMMIT) == ENTRIES["package.json"]


def test_a_package_without_a_manifest_has_none(store: Store) -> None:
    """No package.json is not an error here, neither from the archive nor from the tree."""
    store.add_archive(NAME, COMMIT, writing(pack({"src/package.json": b"{}"})))
    assert store.read_manifest(NAME, COMMIT) is None
    store.unpack(NAME, COMMIT)
    assert store.read_manifest(NAME, COMMIT) is None


def test_the_manifest_of_what_was_never_added_is_a_damaged_entry(store: Store) -> None:
    """The caller is told, by the one error that means "fetch it"."""
    with pytest.raises(DamagedEntry):
        store.read_manifest(NAME, COMMIT)


# ---------------------------------------------------------------- trees


def test_an_unpacked_tree_is_found_by_package_and_by_digest(store: Store, tree: TreeEntry) -> None:
    """Unpacking records the tree; a new store object on the same folder finds it, unchanged."""
    again = Store(store.layout.cache)
    assert again.find_tree_of(NAME, COMMIT) == again.find_tree(tree.digest) == tree
    assert_whole(tree.path)
    assert leftovers(store.layout.cache) == []


def test_adding_the_same_archive_again_keeps_what_is_known_of_it(store: Store, tree: TreeEntry) -> None:
    """Receiving equal bytes once more loses neither the tree nor the version."""
    store.add_archive(NAME, COMMIT, writing(ARCHIVE))
    assert store.find_tree_of(NAME, COMMIT) == tree
    assert [package.version for package in store.list_packages()] == ["1.0.0"]


def test_other_bytes_with_equal_contents_are_the_same_tree(store: Store, tree: TreeEntry) -> None:
    """Compression is no part of a tree's identity: one tree serves both archives."""
    store.add_archive(NAME, "d" * 40, writing(gzip.compress(pack(ENTRIES), 1)))
    assert store.unpack(NAME, "d" * 40) == tree


ARCHIVE_DAMAGES: dict[str, Damage] = {
    "flipped byte": lambda path: path.write_bytes(path.read_bytes()[:50] + b"\xff" + path.read_bytes()[51:]),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "emptied": lambda path: path.write_bytes(b""),
    "deleted": lambda path: path.unlink(),
    "another archive": lambda path: path.write_bytes(pack_gzip({"package.json": b"{}"})),
}


@pytest.mark.parametrize("kind", ARCHIVE_DAMAGES)
def test_a_damaged_archive_is_noticed_removed_and_healed(store: Store, kind: str) -> None:
    """Nothing is ever made of an archive that is not the received one; fetching it again heals the store."""
    entry = store.add_archive(NAME, COMMIT, writing(ARCHIVE))
    ARCHIVE_DAMAGES[kind](entry.path)
    with pytest.raises(DamagedEntry):
        store.unpack(NAME, COMMIT)
    assert store.find_archive(NAME, COMMIT) is None
    assert store.find_tree_of(NAME, COMMIT) is None
    store.add_archive(NAME, COMMIT, writing(ARCHIVE))
    assert_whole(store.unpack(NAME, COMMIT).path)


@pytest.mark.parametrize("kind", ["emptied", "deleted", "cut"])
def test_an_archive_of_another_size_is_not_found(store: Store, kind: str) -> None:
    """The cheap look notices what a look can notice."""
    entry = store.add_archive(NAME, COMMIT, writing(ARCHIVE))
    ARCHIVE_DAMAGES[kind](entry.path)
    assert store.find_archive(NAME, COMMIT) is None


def _replace_by_a_link(path: Path) -> None:
    copy = path.with_name("copy")
    path.rename(copy)
    path.symlink_to(copy)


def _replace_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _replace_by_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _same_size(path: Path) -> None:
    make_writable(path).write_bytes(b"y" * path.stat().st_size)


FILE_DAMAGES: dict[str, Damage] = {
    "changed, same size": _same_size,
    "longer": lambda path: make_writable(path).write_bytes(path.read_bytes() + b"x"),
    "emptied": lambda path: make_writable(path).write_bytes(b""),
    "deleted": lambda path: path.unlink(),
    "a link": _replace_by_a_link,
    "a folder": _replace_by_a_folder,
    "a pipe": _replace_by_a_pipe,
}


@pytest.mark.parametrize("kind", FILE_DAMAGES)
def test_a_damaged_tree_is_not_found_and_made_again(store: Store, tree: TreeEntry, kind: str) -> None:
    """A file that is not what was unpacked removes the tree; it is unpacked anew from the archive."""
    FILE_DAMAGES[kind](tree.path / "src/deep/er/other.hml")
    assert store.find_tree_of(NAME, COMMIT) is None
    assert not tree.path.exists()
    assert_whole(store.unpack(NAME, COMMIT).path)


@pytest.mark.parametrize("kind", FILE_DAMAGES)
@pytest.mark.parametrize("method", LinkMethod)
def test_a_file_damaged_after_the_look_is_noticed_while_laying_out(
    store: Store, tree: TreeEntry, tmp_path: Path, kind: str, method: LinkMethod
) -> None:
    """No damaged file gets into a project, by any method; what was in the project stays."""
    target = tmp_path / "project" / "acme" / "lib"
    store.lay_out(tree, target)
    shutil.copytree(target, tmp_path / "before")
    shutil.rmtree(target)
    shutil.move(tmp_path / "before", target)
    FILE_DAMAGES[kind](tree.path / "src/deep/er/other.hml")
    with pytest.raises(DamagedEntry, match=r"acme/lib \(src/deep/er/other.hml\)"):
        store.lay_out(tree, target, how=method)
    assert_whole(target)
    assert leftovers(tmp_path) == []
    assert store.find_tree(tree.digest) is None


def test_an_edit_through_a_hard_link_is_noticed(store: Store, tree: TreeEntry, tmp_path: Path) -> None:
    """A project that overwrites a file which it shares with the store spoils no other project."""
    first, second = tmp_path / "one" / "acme" / "lib", tmp_path / "two" / "acme" / "lib"
    assert store.lay_out(tree, first) is LinkMethod.HARD_LINK
    _same_size(first / "src/index.hml")
    assert store.find_tree_of(NAME, COMMIT) is None
    store.lay_out(store.unpack(NAME, COMMIT), second)
    assert_whole(second)


def test_a_touched_file_is_read_once_and_trusted_again(
    store: Store, tree: TreeEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Times that differ make the store read; equal content renews the record, so that it reads no more."""
    os.utime(tree.path / "src/index.hml", ns=(1, 1))
    renewed = store.find_tree(tree.digest)
    assert renewed is not None
    assert {file.path: file.mtime_ns for file in renewed.files}["src/index.hml"] == 1
    monkeypatch.setattr(laying_out, "sha256_of", _never_called)
    assert store.find_tree(tree.digest) == renewed


def _never_called(*_: object) -> str:
    raise AssertionError("this file did not have to be read")


def test_a_lost_executable_bit_is_given_back(store: Store, tree: TreeEntry) -> None:
    """A mode that was changed, maybe through a hard link, is put right; the content was right all along."""
    (tree.path / "bin/run").chmod(0o444)
    (tree.path / "src/index.hml").chmod(0o755)
    assert store.find_tree(tree.digest) is not None
    assert_whole(tree.path)


def test_after_a_start_of_the_machine_everything_is_read_once(
    store: Store, tree: TreeEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In another boot, damage that no stat shows is found; without damage the record is renewed for it."""
    victim = tree.path / "src/index.hml"
    before = victim.stat()
    _same_size(victim)
    victim.chmod(0o444)
    os.utime(victim, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert store.find_tree(tree.digest) is not None  # what no stat can show
    monkeypatch.setattr(index, "boot", lambda: "another boot")
    monkeypatch.setattr(trees, "boot", lambda: "another boot")
    assert store.find_tree(tree.digest) is None
    healed = store.unpack(NAME, COMMIT)
    monkeypatch.setattr(trees, "boot", lambda: "a third boot")
    monkeypatch.setattr(index, "boot", lambda: "a third boot")
    assert store.find_tree(tree.digest) == healed
    monkeypatch.setattr(laying_out, "sha256_of", _never_called)
    assert store.find_tree(tree.digest) == healed


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"schema": 2}', b'{"schema": 1, "files": [[1]]}', b'{"schema": 1, "files": []}'],
)
def test_an_unreadable_index_drops_the_tree(store: Store, tree: TreeEntry, content: bytes) -> None:
    """A torn or foreign index is no index; the tree is unpacked anew."""
    tree_index(store.layout.tree(tree.digest)).write_bytes(content)
    assert store.find_tree_of(NAME, COMMIT) is None
    assert_whole(store.unpack(NAME, COMMIT).path)


@pytest.mark.parametrize(
    "content", [b"", b"{", b'"', b'{"schema": 1, "sha256": "../x", "size": 1, "tree": ""}', b"[" * 9999]
)
def test_an_unreadable_record_counts_as_absent(store: Store, tree: TreeEntry, content: bytes) -> None:
    """A torn or foreign record leads to nothing but a new download."""
    store.layout.record(NAME, COMMIT).write_bytes(content)
    assert store.find_archive(NAME, COMMIT) is None
    assert store.find_tree_of(NAME, COMMIT) is None
    assert store.list_packages() == []
    store.add_archive(NAME, COMMIT, writing(ARCHIVE))
    assert store.unpack(NAME, COMMIT) == tree


def test_a_store_that_may_only_be_read_serves_all_the_same(
    store: Store, tree: TreeEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a read-only cache a tree is found, checked and laid out though its record cannot be renewed."""
    (tree.path / "src/index.hml").touch()
    mkdir, rename = os.mkdir, os.rename

    def refuse_in_store(real: Callable[..., None]) -> Callable[..., None]:
        def refused(path: object, *args: object, **options: object) -> None:
            if str(store.layout.cache) in str(path):
                raise OSError(errno.EROFS, "read-only")
            real(path, *args, **options)

        return refused

    monkeypatch.setattr(os, "mkdir", refuse_in_store(mkdir))
    monkeypatch.setattr(os, "rename", refuse_in_store(rename))
    found = Store(store.layout.cache).find_tree_of(NAME, COMMIT)
    assert found is not None
    store.lay_out(found, tmp_path / "acme" / "lib")
    assert_whole(tmp_path / "acme" / "lib")


# ---------------------------------------------------------------- laying out


@pytest.mark.parametrize("method", LinkMethod)
def test_every_method_lays_out_the_same(
    store: Store, tree: TreeEntry, tmp_path: Path, method: LinkMethod
) -> None:
    """Content, executable bits and digest are equal, and the digest is the tree's."""
    target = tmp_path / "p" / "hem_modules" / "Acme" / "lib"
    used = store.lay_out(tree, target, how=method)
    assert_whole(target)
    assert digest_folder(target) == tree.digest
    is_shared = (target / "src/index.hml").samefile(tree.path / "src/index.hml")
    assert is_shared == (used is LinkMethod.HARD_LINK)
    writable = bool((target / "src/index.hml").stat().st_mode & stat.S_IWUSR)
    assert writable == (used is not LinkMethod.HARD_LINK)
    assert leftovers(tmp_path) == []


def test_laying_out_replaces_what_was_there_completely(store: Store, tree: TreeEntry, tmp_path: Path) -> None:
    """No file of the former version survives."""
    target = tmp_path / "acme" / "lib"
    (target / "old").mkdir(parents=True)
    (target / "old" / "file").write_bytes(b"")
    store.lay_out(tree, target)
    assert_whole(target)


def test_a_link_in_place_of_a_package_is_removed_and_not_followed(
    store: Store, tree: TreeEntry, tmp_path: Path
) -> None:
    """A developer's checkout that was linked into hem_modules keeps every file."""
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "work").write_bytes(b"precious")
    target = tmp_path / "acme" / "lib"
    target.parent.mkdir()
    target.symlink_to(checkout)
    store.lay_out(tree, target)
    assert not target.is_symlink()
    assert_whole(target)
    assert [path.name for path in checkout.iterdir()] == ["work"]


@pytest.mark.parametrize("number", ["EXDEV", "EPERM", "EOPNOTSUPP", "EMLINK"])
def test_where_links_are_impossible_files_are_copied(
    store: Store, tree: TreeEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    """Another disk, a file system without links, a file with too many names: the package is complete."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(getattr(errno, number), number)

    monkeypatch.setattr(os, "link", refuse)
    used = store.lay_out(tree, tmp_path / "acme" / "lib")
    assert_whole(tmp_path / "acme" / "lib")
    assert (used is LinkMethod.HARD_LINK) == (number == "EMLINK")


def test_a_method_that_failed_on_a_disk_is_not_tried_there_again(
    store: Store, tree: TreeEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One refused hard link is enough to know, for all files that follow and for the next package."""
    attempts: list[str] = []

    def refuse(source: str, *_: object, **__: object) -> None:
        attempts.append(source)
        raise OSError(errno.EXDEV, "other disk")

    monkeypatch.setattr(os, "link", refuse)
    store.lay_out(tree, tmp_path / "acme" / "lib")
    store.lay_out(tree, tmp_path / "acme" / "second")
    assert len(attempts) == 1


def test_a_full_disk_leaves_the_old_package(
    store: Store, tree: TreeEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the disk is full in the middle, the old package is complete and the message says what to do."""
    target = tmp_path / "acme" / "lib"
    store.lay_out(tree, target)
    link = os.link
    count = 0

    def refuse_the_third(source: str, made: str, **options: Any) -> None:
        nonlocal count
        count += 1
        if count == 3:
            raise OSError(errno.ENOSPC, "full")
        link(source, made, **options)

    monkeypatch.setattr(os, "link", refuse_the_third)
    with pytest.raises(StorageFailure, match="disk is full"):
        store.lay_out(tree, target)
    assert_whole(target)
    assert leftovers(tmp_path) == []


# ---------------------------------------------------------------- races and kills


def test_many_threads_adding_and_unpacking_the_same_all_succeed(store: Store, tmp_path: Path) -> None:
    """Who loses a race against equal content has succeeded."""
    results: list[object] = []
    barrier = threading.Barrier(6)

    def run(number: int) -> None:
        mine = Store(store.layout.cache)
        barrier.wait()
        try:
            mine.add_archive(NAME, COMMIT, writing(ARCHIVE))
            tree = mine.unpack(NAME, COMMIT)
            mine.lay_out(tree, tmp_path / str(number) / "acme" / "lib")
            results.append(tree.digest)
        except BaseException as error:  # noqa: BLE001 - the test names it
            results.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(str, results))) == 1, results
    for number in range(6):
        assert_whole(tmp_path / str(number) / "acme" / "lib")
    assert leftovers(tmp_path) == []


def test_processes_that_are_killed_leave_a_store_that_others_use(tmp_path: Path) -> None:
    """Some are killed at any moment, one goes on; every package is whole or absent, and so is the store."""
    archive, cache = tmp_path / "archive", tmp_path / "cache"
    archive.write_bytes(ARCHIVE)
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-m", "tests.support.store_worker", str(archive), str(cache)]
    workers = [
        subprocess.Popen([*command, str(tmp_path / str(number)), "100000"], cwd=root) for number in range(3)
    ]
    try:
        while not all((tmp_path / str(number)).exists() for number in range(3)):
            work(Store(cache), ARCHIVE, tmp_path / "survivor")
        for _ in range(15):
            work(Store(cache), ARCHIVE, tmp_path / "survivor")
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    work(Store(cache), ARCHIVE, tmp_path / "survivor")
    for number in ("0", "1", "2", "survivor"):
        package = tmp_path / number / "acme" / "lib"
        if package.exists():
            assert_whole(package)
    assert leftovers(cache) == []


_STEPS = ["rename", "link", "mkdir", "write"]


@pytest.mark.parametrize("step", _STEPS)
def test_a_run_cut_at_any_step_is_completed_by_the_next(tmp_path: Path, step: str) -> None:
    """Ended before the n-th call of a kind that writes: the package is whole or absent, and a rerun heals."""
    point = 0
    finished = False
    while not finished:
        point += 1
        folder = tmp_path / f"{step}{point}"
        with killed_before(point, step):
            work(Store(folder / "cache"), ARCHIVE, folder)
            finished = True
        package = folder / "acme" / "lib"
        if package.exists():
            assert_whole(package)
        work(Store(folder / "cache"), ARCHIVE, folder)
        assert_whole(package)
        assert leftovers(folder) == []
    assert point > 1


# ---------------------------------------------------------------- inventory and removal


def test_the_inventory_lists_ours_and_the_first_hpms(store: Store, tree: TreeEntry) -> None:
    """Each version is listed with the bytes that it takes."""
    old = store.layout.cache / "Beta" / "old" / "0.9.0.tar.gz"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"12345")
    whole = len(ARCHIVE) + sum(file.size for file in tree.files)
    assert store.list_packages() == [
        CachedPackage(NAME, COMMIT, "1.0.0", whole),
        CachedPackage(PackageName.parse("Beta/old"), "", "0.9.0", 5),
    ]
    assert store.size() > whole + 5


def test_cleaning_removes_what_is_ours_and_nothing_else(
    store: Store, tree: TreeEntry, tmp_path: Path
) -> None:
    """Strangers' files stay, links are not followed, projects keep their files, and the count is honest."""
    cache = store.layout.cache
    outside = tmp_path / "outside"
    (outside / "repo").mkdir(parents=True)
    (outside / "repo" / "1.0.0.tar.gz").write_bytes(b"1")
    (cache / "owner").symlink_to(outside)
    store.layout.temporary.joinpath("link").symlink_to(outside)
    (cache / "notes.txt").write_bytes(b"mine")
    old = cache / "Acme" / "lib" / "0.9.0.tar.gz"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"12345")
    old.with_name("README").write_bytes(b"mine")
    store.lay_out(tree, tmp_path / "acme" / "lib")
    shared = sum(file.size for file in tree.files)
    before = store.size()
    freed = store.clean()
    assert (outside / "repo" / "1.0.0.tar.gz").exists()
    left = [path.relative_to(cache).as_posix() for path in sorted(cache.rglob("*"))]
    assert left == ["Acme", "Acme/lib", "Acme/lib/README", "notes.txt", "owner", "v1", "v1/mutex", "v1/tmp"]
    assert before - shared - len(str(outside)) <= freed <= before - shared + len(str(outside))
    assert_whole(tmp_path / "acme" / "lib")


def test_discarding_leaves_other_packages(store: Store, tree: TreeEntry) -> None:
    """One entry goes; its tree, and other commits, stay."""
    other = pack_gzip({"package.json": b"{}"})
    store.add_archive(NAME, "d" * 40, writing(other))
    store.discard(NAME, COMMIT)
    assert store.find_archive(NAME, COMMIT) is None
    assert store.find_archive(NAME, "d" * 40) is not None
    assert store.find_tree(tree.digest) == tree
    store.discard_tree(tree.digest)
    assert store.find_tree(tree.digest) is None


# ---------------------------------------------------------------- digests of folders


def test_a_tree_digest_is_what_git_says(tmp_path: Path, store: Store) -> None:
    """The digest of an unpacked `git archive` equals the one computed from git's listing of the commit."""
    repository = tmp_path / "repository"
    git = ["git", "-C", str(repository), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    for path, entry in ENTRIES.items():
        file = repository / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(
            entry.content if isinstance(entry, File) else entry if isinstance(entry, bytes) else b""
        )
        file.chmod(0o755 if isinstance(entry, File) else 0o644)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "one"], check=True)
    commit = subprocess.run(
        [*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()
    archive = subprocess.run(
        [*git, "archive", "--format=tar.gz", "--prefix=package/", commit], check=True, capture_output=True
    ).stdout
    listing = subprocess.run([*git, "ls-tree", "-r", "-z", commit], check=True, capture_output=True).stdout
    expected = hashlib.sha256()
    for line in listing.split(b"\0")[:-1]:
        about, path_bytes = line.split(b"\t")
        mode, _, blob = about.split(b" ")
        content = subprocess.run(
            [*git, "cat-file", "blob", blob.decode()], check=True, capture_output=True
        ).stdout
        digest = hashlib.sha256(content).hexdigest().encode()
        expected.update(mode + b" " + path_bytes + b"\0" + digest + b"\n")
    assert store.add_archive(NAME, commit, writing(archive)).comment == commit
    assert store.unpack(NAME, commit).digest == f"sha256-{expected.hexdigest()}"


def test_nested_modules_are_outside_the_digest(store: Store, tree: TreeEntry, tmp_path: Path) -> None:
    """Import shims that were generated into a package do not change its digest; any other file does."""
    target = tmp_path / "acme" / "lib"
    store.lay_out(tree, target)
    shim = target / "src" / "hem_modules" / "acme" / "other.hml"
    shim.parent.mkdir(parents=True)
    shim.write_bytes(b"shim")
    assert digest_folder(target) == tree.digest
    (target / "src" / "more.hml").write_bytes(b"")
    assert digest_folder(target) != tree.digest


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_folder_with_something_foreign_has_no_digest(tmp_path: Path, kind: str) -> None:
    """A link or a pipe in an installed package is named, not followed or read."""
    folder = tmp_path / "lib"
    (folder / "src").mkdir(parents=True)
    if kind == "link":
        (folder / "src" / "odd").symlink_to("/etc/passwd")
    else:
        os.mkfifo(folder / "src" / "odd")
    with pytest.raises(ForeignEntry) as caught:
        scan_folder(folder)
    assert caught.value.path == "src/odd"
